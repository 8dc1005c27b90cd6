/** `pullpass audit`: who pulled what, and who changed what. */
import { Option, type Command } from 'commander';
import { auditAnswer, type AuditAnswer } from '../answers.ts';
import { expectAnswer } from '../api-client.ts';
import type { ContextOf } from '../command-context.ts';
import { wholeNumber } from '../option-values.ts';
import { allItems } from '../pages.ts';
import { printJson, printTable, remark } from '../print.ts';

interface AuditFlags {
  readonly env?: string;
  readonly type?: string;
  readonly subject?: string;
  readonly limit: number;
}

export function addAuditCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('audit')
    .description('decisions and changes, newest first')
    .option('--env <name>', 'of this environment')
    .addOption(new Option('--type <type>', 'only these').choices(['decision', 'change']))
    .option('--subject <name>', 'changes of this: an id of a registry or agent, an environment, or "organisation"')
    .option('--limit <number>', 'how many at most', wholeNumber(1, 100_000), 50)
    .action(async ({ env, type, subject, limit }: AuditFlags, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const items = await allItems(api, { path: '/v1/audit', query: { environment: env, type, subject }, limit });
      if (json) {
        printJson(terminal, items);
        return;
      }
      if (items.length === 0) {
        remark(terminal, 'nothing like that is recorded');
        return;
      }
      printTable(
        terminal,
        ['TIME', 'BY', 'ENVIRONMENT', 'WHAT', 'ON', 'WHY'],
        items.map((item) => rowOf(expectAnswer(auditAnswer, item))),
      );
    });
}

function rowOf(entry: AuditAnswer): readonly string[] {
  const time = entry.at.replace(/\.\d+Z$/, 'Z');
  if (entry.type === 'change') {
    return [time, entry.name ?? entry.actor ?? '', '', entry.action ?? '', entry.subject ?? '', entry.detail ?? ''];
  }
  const would = entry.wouldRefuse === true && entry.outcome !== 'denied' ? ' (enforce would refuse it)' : '';
  const rule = `${entry.rule ?? ''}${would}`;
  return [time, callerOf(entry), entry.environment ?? '', entry.outcome ?? '', entry.image ?? '', rule];
}

/** Many hosts may be one agent: of the principal that called, what tells them apart (`node-web/i-0123456789abcdef0`). */
function callerOf({ name, agentId, principal }: AuditAnswer): string {
  const agent = name ?? agentId ?? '';
  return principal ? `${agent} (${principal.slice(principal.indexOf('/') + 1)})` : agent;
}
