/** Changes several registries in one go, through the API's bulk call: what was looked at is what is changed. */
import * as z from 'zod/mini';
import { registryAnswer, type RegistryAnswer } from '../answers.ts';
import { expectAnswer } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT, exitCodeOfStatus, type ExitCode } from '../exit-codes.ts';
import { printJson, printLine, remark, withProgress } from '../print.ts';

const itemAnswer = z.looseObject({
  id: z.string(),
  outcome: z.string(),
  registry: z.optional(registryAnswer),
  problem: z.optional(z.looseObject({ status: z.number(), code: z.string(), detail: z.string() })),
});
type ItemAnswer = z.infer<typeof itemAnswer>;

const bulkAnswer = z.looseObject({ items: z.array(z.unknown()) });

export interface SeveralChange {
  readonly action: 'delete' | 'deactivate' | 'activate' | 'verify';
  readonly registries: readonly RegistryAnswer[];
  /** As in `deactivating 3 registries`. */
  readonly doing: string;
  /** One line of standard output. */
  readonly done: (before: RegistryAnswer, after: RegistryAnswer | undefined) => string;
  /** Done, and still not as it should be. */
  readonly falls?: (after: RegistryAnswer) => boolean;
}

export async function changeSeveral(change: SeveralChange, context: CommandContext): Promise<void> {
  const { terminal, json, exitWith } = context;
  const { registries, doing } = change;
  const documents = await withProgress(terminal, `${doing} ${registries.length} registries`, () =>
    changeAll(change, context),
  );
  const items = documents.map((document) => expectAnswer(itemAnswer, document));
  const code = exitCodeOf(items, change);
  if (code !== EXIT.ok) exitWith(code);
  if (json) {
    const done = items.filter(isDone).length;
    printJson(terminal, { items: documents, done, failed: items.length - done });
    return;
  }
  const before = new Map(registries.map((registry) => [registry.id, registry]));
  for (const item of items) {
    const registry = before.get(item.id);
    if (registry === undefined) continue;
    if (isDone(item)) printLine(terminal, change.done(registry, item.registry));
    else remark(terminal, `${registry.address} (${item.id}): ${item.problem?.detail ?? 'failed'}`);
  }
  const failed = items.filter((item) => !isDone(item)).length;
  if (failed > 0) remark(terminal, `${failed} of ${items.length} failed`);
}

function isDone({ outcome }: ItemAnswer): boolean {
  return outcome === 'done';
}

/** What the API takes in one call. */
const AT_ONCE = 100;

/** One answer for each, in the order given. What had no turn is sent again, as long as any has one. */
async function changeAll({ action, registries }: SeveralChange, { api }: CommandContext): Promise<readonly unknown[]> {
  const answered = new Map<string, unknown>();
  let waiting = registries;
  while (waiting.length > 0) {
    const sent = waiting.slice(0, AT_ONCE);
    const wanted = sent.map(({ id, revision }) => ({ id, revision }));
    const answer = await api({ method: 'POST', path: '/v1/registries/bulk', body: { action, registries: wanted } });
    const notBegun = new Set<string>();
    for (const item of expectAnswer(bulkAnswer, answer).items) {
      const { id, problem } = expectAnswer(itemAnswer, item);
      answered.set(id, item);
      if (problem?.code === 'not_begun') notBegun.add(id);
    }
    const again = sent.filter(({ id }) => notBegun.has(id));
    if (again.length === sent.length) break;
    waiting = [...again, ...waiting.slice(AT_ONCE)];
  }
  return registries.map(({ id }) => answered.get(id) ?? { id, ...UNSENT });
}

const UNSENT = {
  outcome: 'failed',
  problem: { status: 503, code: 'not_begun', detail: 'not sent: Pullpass did not come to those before it' },
};

/** That of the failures, where they are all of one sort. */
function exitCodeOf(items: readonly ItemAnswer[], { falls }: SeveralChange): ExitCode {
  const codes = new Set<ExitCode>();
  for (const item of items) {
    if (!isDone(item)) codes.add(exitCodeOfStatus(item.problem?.status ?? 0));
    else if (item.registry !== undefined && falls?.(item.registry) === true) codes.add(EXIT.failed);
  }
  const [only = EXIT.ok, ...others] = codes;
  return others.length === 0 ? only : EXIT.failed;
}
