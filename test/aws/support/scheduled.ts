/** What a schedule would start, started now: its own input, sent to the function that it names. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod/mini';
import type { Workspace } from '../../clients/support/workspace.ts';
import type { Account } from './account.ts';
import { list } from './aws-call.ts';

const SCHEDULES = z.object({ Schedules: z.array(z.object({ Name: z.string() })) });
const SCHEDULE = z.object({
  ScheduleExpression: z.string(),
  Target: z.object({ Arn: z.string(), Input: z.string() }),
});

/**
 * @param word What stands in the input as `pullpass`.
 * @returns what the function answers. Throws when it fails, or when not exactly one schedule sends that word.
 */
export async function runScheduled(workspace: Workspace, account: Account, word: string): Promise<unknown> {
  const { Schedules } = SCHEDULES.parse(await list(workspace, account, { service: 'scheduler', path: '/schedules' }));
  const all = await Promise.all(
    Schedules.map(async ({ Name }) =>
      SCHEDULE.parse(await list(workspace, account, { service: 'scheduler', path: `/schedules/${Name}` })),
    ),
  );
  const [found, ...others] = all.filter(({ Target }) => Target.Input === JSON.stringify({ pullpass: word }));
  if (found === undefined || others.length > 0) throw new Error(`there is not one schedule for ${word}`);
  const { Arn, Input } = found.Target;
  const lambda = new LambdaClient(account.clientOptions());
  try {
    const answer = await lambda.send(new InvokeCommand({ FunctionName: Arn, Payload: Input }));
    const text = Buffer.from(answer.Payload ?? []).toString('utf8');
    if (answer.FunctionError !== undefined) throw new Error(`${word} failed: ${text}`);
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } finally {
    lambda.destroy();
  }
}
