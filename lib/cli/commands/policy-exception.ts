/** `pullpass policy exception …`: what is open for a while, why, and until when. */
import type { Command } from 'commander';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { remark } from '../print.ts';
import { fullTime, parseLifetime } from '../time-words.ts';
import type { Terminal } from '../terminal.ts';
import { canonicalEntries, remarkPaths } from './policy-entries.ts';
import type { ChangePolicy, PolicyExceptionField, PolicyFields } from './policy-change.ts';

interface AddFlags {
  readonly env?: string;
  readonly reason: string;
  readonly until: string;
}

interface RemoveFlags {
  readonly env?: string;
  readonly ended?: true;
}

interface Parts {
  readonly scope: readonly [string, string];
  readonly contextOf: ContextOf;
  readonly apply: (env: string | undefined, change: ChangePolicy, context: CommandContext) => Promise<boolean>;
}

export function addExceptionCommands(policy: Command, { scope, contextOf, apply }: Parts): void {
  const exception = policy
    .command('exception')
    .description('open something for a while, in this policy only: it ends by itself');
  exception
    .command('add')
    .description('add exceptions; one that is there already gets the new reason and end')
    .argument('<entry...>', 'host[:port], host[:port]/path or *.host')
    .requiredOption('--reason <text>', 'why: one line, for whoever looks at it later')
    .requiredOption('--until <time>', 'RFC 3339, or from now: 30d, 12h, 30m or 4w')
    .option(...scope)
    .action(async (entries: readonly string[], { env, reason, until }: AddFlags, command: Command) => {
      const context = contextOf(command);
      const end = endOf(until, context.terminal.now());
      const change = (present: PolicyFields): PolicyFields =>
        withExceptions(present, { entries, reason, until: end }, context.terminal);
      if (await apply(env, change, context)) remarkPaths(entries, context.terminal);
    });
  exception
    .command('remove')
    .description('take exceptions out; with --ended all that have ended')
    .argument('[entry...]', 'as it was added')
    .option('--ended', 'all that have ended')
    .option(...scope)
    .action(async (entries: readonly string[], { env, ended }: RemoveFlags, command: Command) => {
      if ((entries.length === 0) === (ended === undefined)) {
        throw usageFailure('give entries, or --ended', 'see them with `pullpass policy show`');
      }
      const context = contextOf(command);
      const now = context.terminal.now();
      const change = (present: PolicyFields): PolicyFields =>
        ended === undefined ? withoutExceptions(present, entries) : withoutEnded(present, now);
      await apply(env, change, context);
    });
}

function endOf(until: string, now: number): string {
  const lifetime = parseLifetime(until);
  if (lifetime !== undefined) return new Date(now + lifetime).toISOString();
  // Pullpass itself says what is wrong with a time.
  if (/^\d{4}-\d{2}-\d{2}T/.test(until)) return until;
  throw usageFailure(`--until cannot be ${until}`, 'give a time such as 2027-01-31T00:00:00Z, or 30d, 12h, 30m or 4w');
}

function withExceptions(
  present: PolicyFields,
  added: { readonly entries: readonly string[]; readonly reason: string; readonly until: string },
  terminal: Terminal,
): PolicyFields {
  const { reason, until } = added;
  const exceptions = new Map(present.exceptions.map((exception) => [exception.entry, exception]));
  for (const entry of canonicalEntries(added.entries, 'whitelist')) {
    const before = exceptions.get(entry);
    if (before !== undefined) remarkReplaced(before, terminal);
    exceptions.set(entry, { entry, reason, until });
  }
  return { ...present, exceptions: [...exceptions.values()] };
}

function remarkReplaced({ entry, reason, until }: PolicyExceptionField, terminal: Terminal): void {
  remark(terminal, `replaces the exception for ${entry} until ${fullTime(until, terminal.now()) ?? until}: ${reason}`);
}

function withoutExceptions(present: PolicyFields, entries: readonly string[]): PolicyFields {
  const removed = canonicalEntries(entries, 'whitelist');
  for (const entry of removed) {
    if (present.exceptions.some((exception) => exception.entry === entry)) continue;
    throw new CommandFailure({
      exitCode: EXIT.notFound,
      what: `there is no exception for ${entry}`,
      advice: 'see all of them with `pullpass policy show`',
    });
  }
  return { ...present, exceptions: present.exceptions.filter(({ entry }) => !removed.includes(entry)) };
}

function withoutEnded(present: PolicyFields, now: number): PolicyFields {
  return { ...present, exceptions: present.exceptions.filter(({ until }) => Date.parse(until) > now) };
}
