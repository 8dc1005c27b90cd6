/** `pullpass policy refusals`: what was refused, and what audit mode let through that enforce would have refused. */
import type { Command } from 'commander';
import { expectAnswer, type CallApi } from '../api-client.ts';
import { policyAnswer, type VerdictAnswer } from '../answers.ts';
import type { ContextOf } from '../command-context.ts';
import {
  decisionsSeen,
  DEFAULT_MOST_DECISIONS,
  DEFAULT_SINCE,
  isHostOnly,
  sinceOf,
  type SeenDecision,
  type SeenDecisions,
} from '../decisions-seen.ts';
import { wholeNumber } from '../option-values.ts';
import { testPolicyOn } from '../policy-tests.ts';
import { printJson, printTable, remark, withProgress } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import { policyPath } from './policy-change.ts';
import { decisionWords, remarkOpenings } from './policy-openings.ts';

interface RefusalsFlags {
  readonly env: string;
  readonly since: string;
  readonly maxDecisions: number;
}

export function addRefusalsCommand(policy: Command, contextOf: ContextOf): void {
  policy
    .command('refusals')
    .description('what was refused, and what audit mode let through that enforce would have refused, by rule and image')
    .requiredOption('--env <name>', 'of this environment')
    .option('--since <time>', 'how far back: 7d, 12h, 30m, 4w, or an RFC 3339 time', DEFAULT_SINCE)
    .option('--max-decisions <number>', 'stops there', wholeNumber(1, 100_000_000), DEFAULT_MOST_DECISIONS)
    .action(async ({ env, since, maxDecisions }: RefusalsFlags, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const query = { env, since: sinceOf(since, terminal.now()), all: false, most: maxDecisions };
      const seen = await withProgress(terminal, 'counting decisions', () => decisionsSeen(api, query));
      if (json) {
        printJson(
          terminal,
          seen.items.map((item) => ({ ...item, agents: [...item.agents] })),
        );
        remarkCut(terminal, seen);
        return;
      }
      const now = await presentVerdicts(seen.items, env, api);
      if (seen.items.length > 0) printRefusals(terminal, seen.items, now);
      remark(terminal, summaryOf(seen));
      remarkCut(terminal, seen);
      const still = [...now].filter(([, verdict]) => verdict.wouldRefuse);
      remarkOpenings(
        terminal,
        still.map(([image, { rule }]) => ({ image, rule })),
        env,
      );
      await remarkNext(still.length === 0, { env, api, terminal });
    });
}

/** By image: what was refused then may have been opened since. */
async function presentVerdicts(
  items: readonly SeenDecision[],
  environment: string,
  api: CallApi,
): Promise<ReadonlyMap<string, VerdictAnswer>> {
  const asked = [...new Set(items.map(({ image }) => image))];
  const subjects = { images: asked.filter((image) => !isHostOnly(image)), hosts: asked.filter(isHostOnly) };
  const tested = await testPolicyOn(subjects, { environment }, api);
  return new Map(tested.map(({ image, present }) => [image, present]));
}

function printRefusals(
  terminal: Terminal,
  items: readonly SeenDecision[],
  now: ReadonlyMap<string, VerdictAnswer>,
): void {
  printTable(
    terminal,
    ['COUNT', 'AGENTS', 'IMAGE', 'OUTCOME', 'RULE', 'LAST', 'NOW'],
    items.map(({ count, agents, moreAgents, image, outcome, rule, lastAt }) => [
      String(count),
      `${agents.size}${moreAgents ? '+' : ''}`,
      image,
      outcome === 'let_through' ? 'let through' : outcome,
      rule,
      lastAt.replace(/\.\d+Z$/, 'Z'),
      presentWords(now.get(image)),
    ]),
  );
}

function presentWords(verdict: VerdictAnswer | undefined): string {
  return verdict === undefined ? '' : decisionWords(verdict);
}

function summaryOf({ items, decisions, from, to, since }: SeenDecisions): string {
  if (decisions === 0)
    return `no host has asked for anything since ${since}, so this says nothing about what would break`;
  const sum = (outcome: string): number =>
    items.filter((item) => item.outcome === outcome).reduce((total, { count }) => total + count, 0);
  const span = `of ${decisions} decisions from ${from ?? since} to ${to ?? 'now'}`;
  return `${span}: ${sum('refused')} refused, ${sum('let_through')} let through by audit mode that enforce would have refused`;
}

export function remarkCut(terminal: Terminal, { cut, decisions, from }: SeenDecisions): void {
  if (!cut) return;
  remark(
    terminal,
    `stopped after the newest ${decisions} decisions, back to ${from ?? 'now'}: --max-decisions looks further back`,
  );
}

async function remarkNext(
  isOpen: boolean,
  { env, api, terminal }: { readonly env: string; readonly api: CallApi; readonly terminal: Terminal },
): Promise<void> {
  if ((await modeOf(env, api)) !== 'audit') return;
  const first = isOpen ? '' : 'once all that is to be open is open, ';
  remark(terminal, `${env} is in audit mode: ${first}try enforce on all that hosts asked for, then set it`);
  remark(terminal, `  pullpass policy test --env ${env} --seen --mode enforce`);
  remark(terminal, `  pullpass policy mode enforce --env ${env}`);
  remark(
    terminal,
    'clients that pull anonymously, without asking a helper, ask Pullpass nothing and are not counted here',
  );
}

async function modeOf(env: string, api: CallApi): Promise<string> {
  const read = async (scope: string | undefined) =>
    expectAnswer(policyAnswer, await api({ method: 'GET', path: policyPath(scope) })).mode;
  return (await read(env)) ?? (await read(undefined)) ?? 'enforce';
}
