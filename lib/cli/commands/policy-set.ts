/** `pullpass policy set`: the whole policy from a JSON document, or the fields that are named. */
import { Option, type Command } from 'commander';
import * as z from 'zod/mini';
import { policyAnswer } from '../answers.ts';
import { expectAnswer } from '../api-client.ts';
import { usageFailure } from '../command-failure.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { splitCommas } from '../option-values.ts';
import { printJson } from '../print.ts';
import { readText } from '../secret-input.ts';
import { remarkPaths } from './policy-entries.ts';
import { policyPath, type ChangePolicy, type PolicyFields } from './policy-change.ts';
import { printPolicy } from './policy-print.ts';

interface SetFlags {
  readonly env?: string;
  readonly file?: string;
  /** `false` for `--no-whitelist`. */
  readonly whitelist?: string | false;
  readonly deny?: string;
  readonly default?: string;
  readonly mode?: string;
}

type Apply = (env: string | undefined, change: ChangePolicy, context: CommandContext) => Promise<boolean>;

export function addPolicySet(
  policy: Command,
  parts: { readonly scope: readonly [string, string]; readonly contextOf: ContextOf; readonly apply: Apply },
): void {
  policy
    .command('set')
    .description('set the whole policy from a file, or the fields that are named')
    .option(...parts.scope)
    .option('--file <file>', 'JSON, as `policy show --json` prints it; - for standard input')
    .option('--whitelist <entries>', 'only these, with commas')
    .option('--no-whitelist', 'no restriction')
    .option('--deny <entries>', "never these, with commas; '' for none")
    .option('--default <address>', "registry of images that name none; '' for none of its own")
    .addOption(new Option('--mode <mode>', 'inherit: as the organisation').choices(['enforce', 'audit', 'inherit']))
    .action(async (flags: SetFlags, command: Command) => {
      const context = parts.contextOf(command);
      if (flags.file !== undefined) {
        await putFile(flags.file, flags, context);
        return;
      }
      const fields = fieldsOf(flags);
      const changed = await parts.apply(flags.env, (present) => ({ ...present, ...fields }), context);
      if (changed) remarkPaths([...(fields.whitelist ?? []), ...(fields.deny ?? [])], context.terminal);
    });
}

function fieldsOf(flags: SetFlags): Partial<PolicyFields> {
  const { whitelist, deny, mode } = flags;
  const fields: Partial<PolicyFields> = {
    ...(whitelist === undefined ? {} : { whitelist: whitelist === false ? null : splitCommas(whitelist) }),
    ...(deny === undefined ? {} : { deny: splitCommas(deny) }),
    ...(flags.default === undefined ? {} : { defaultRegistry: flags.default === '' ? null : flags.default }),
    ...(mode === undefined ? {} : { mode: mode === 'inherit' ? null : mode }),
  };
  if (Object.keys(fields).length === 0) {
    throw usageFailure('there is nothing to set', 'give --file, or some of --whitelist, --deny, --default and --mode');
  }
  if (fields.whitelist?.length === 0) {
    throw usageFailure('an empty whitelist would refuse everything', 'for no restriction: --no-whitelist');
  }
  return fields;
}

/** What `policy show --json` adds to the policy itself. */
const shownPolicy = z.looseObject({
  environment: z.optional(z.nullable(z.string())),
  revision: z.optional(z.number()),
  updatedAt: z.optional(z.unknown()),
});

/** With the revision that `show` printed, it replaces that very revision; without one, whatever there is. */
async function putFile(file: string, flags: SetFlags, { api, json, terminal }: CommandContext): Promise<void> {
  if ([flags.whitelist, flags.deny, flags.default, flags.mode].some((flag) => flag !== undefined)) {
    throw usageFailure('--file sets the whole policy', 'put the other fields into the file');
  }
  const parsed = z.safeParse(shownPolicy, parseJson(await readText(file, terminal)));
  if (!parsed.success) throw usageFailure(`${file} is not a policy in JSON`, 'see `pullpass policy show --json`');
  const { environment, revision, updatedAt: _shown, ...body } = parsed.data;
  if (environment !== undefined && environment !== (flags.env ?? null)) {
    throw usageFailure(
      `${file} holds the policy of ${environment ?? 'the organisation'}, not of ${flags.env ?? 'the organisation'}`,
      'take "environment" and "revision" out of it to set it elsewhere',
    );
  }
  const document = await api({ method: 'PUT', path: policyPath(flags.env), body, ifMatch: revision });
  const stored = expectAnswer(policyAnswer, document);
  if (json) printJson(terminal, document);
  else printPolicy(terminal, stored, flags.env);
  remarkPaths([...(stored.whitelist ?? []), ...stored.deny], terminal);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
