/** All that CloudWatch Logs holds. */
import * as z from 'zod/mini';
import type { Workspace } from '../../clients/support/workspace.ts';
import type { Account } from './account.ts';
import { target } from './aws-call.ts';

const GROUPS = z.object({ logGroups: z.array(z.object({ logGroupName: z.string() })) });
const EVENTS = z.object({ events: z.array(z.object({ message: z.string() })), nextToken: z.optional(z.string()) });

export interface LogEvent {
  readonly group: string;
  readonly message: string;
}

export async function logGroups(workspace: Workspace, account: Account): Promise<readonly string[]> {
  const call = { service: 'logs', target: 'Logs_20140328.DescribeLogGroups', input: {} };
  return GROUPS.parse(await target(workspace, account, call)).logGroups.map(({ logGroupName }) => logGroupName);
}

export async function allLogEvents(workspace: Workspace, account: Account): Promise<readonly LogEvent[]> {
  const events: LogEvent[] = [];
  for (const group of await logGroups(workspace, account)) {
    let nextToken: string | undefined;
    do {
      const input = { logGroupName: group, ...(nextToken === undefined ? {} : { nextToken }) };
      const call = { service: 'logs', target: 'Logs_20140328.FilterLogEvents', input };
      const page = EVENTS.parse(await target(workspace, account, call));
      events.push(...page.events.map(({ message }) => ({ group, message })));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return events;
}
