/** `pullpass policy set`: the whole policy from a JSON document, or the fields that are named. */
import { Option, type Command } from 'commander';
import { policyAnswer } from '../answers.ts';
import { expectAnswer } from '../api-client.ts';
import { usageFailure } from '../command-failure.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { splitCommas } from '../option-values.ts';
import { printJson } from '../print.ts';
import { remarkPaths } from './policy-entries.ts';
import { policyPath, type ChangePolicy, type PolicyFields } from './policy-change.ts';
import { readPolicyFile } from './policy-file.ts';
import { printPolicy } from './policy-print.ts';

interface SetFlags extends PolicyFieldFlags {
  readonly env?: string;
  readonly file?: string;
}

type Apply = (env: string | undefined, change: ChangePolicy, context: CommandContext) => Promise<boolean>;

export function addPolicySet(
  policy: Command,
  parts: { readonly scope: readonly [string, string]; readonly contextOf: ContextOf; readonly apply: Apply },
): void {
  const set = policy
    .command('set')
    .description('set the whole policy from a file, or the fields that are named')
    .option(...parts.scope)
    .option('--file <file>', 'JSON, as `policy show --json` prints it; - for standard input');
  addPolicyFieldOptions(set).action(async (flags: SetFlags, command: Command) => {
    const context = parts.contextOf(command);
    if (flags.file !== undefined) {
      await putFile(flags.file, flags, context);
      return;
    }
    const fields = fieldsToSet(flags);
    const changed = await parts.apply(flags.env, (present) => ({ ...present, ...fields }), context);
    if (changed) {
      const { whitelist, deny = [], alwaysAllow = [] } = fields;
      remarkPaths([...(whitelist ?? []), ...deny, ...alwaysAllow], context.terminal);
    }
  });
}

/** The options that say what a policy is to be: for setting it, and for trying it. */
export function addPolicyFieldOptions(command: Command): Command {
  return command
    .option('--whitelist <entries>', 'only these, with commas')
    .option('--no-whitelist', 'no restriction')
    .option('--deny <entries>', "never these, with commas; '' for none")
    .option('--always-allow <entries>', "these whatever the two other lists say, with commas; '' for none")
    .option('--default <address>', "registry of images that name none; '' for none of its own")
    .addOption(new Option('--mode <mode>', 'inherit: as the organisation').choices(['enforce', 'audit', 'inherit']));
}

export interface PolicyFieldFlags {
  /** `false` for `--no-whitelist`. */
  readonly whitelist?: string | false;
  readonly deny?: string;
  readonly alwaysAllow?: string;
  readonly default?: string;
  readonly mode?: string;
}

/** The fields that the options name; none of them, and it is empty. */
export function fieldsNamed(flags: PolicyFieldFlags): Partial<PolicyFields> {
  const { whitelist, deny, alwaysAllow, mode } = flags;
  const fields: Partial<PolicyFields> = {
    ...(whitelist === undefined ? {} : { whitelist: whitelist === false ? null : splitCommas(whitelist) }),
    ...(deny === undefined ? {} : { deny: splitCommas(deny) }),
    ...(alwaysAllow === undefined ? {} : { alwaysAllow: splitCommas(alwaysAllow) }),
    ...(flags.default === undefined ? {} : { defaultRegistry: flags.default === '' ? null : flags.default }),
    ...(mode === undefined ? {} : { mode: mode === 'inherit' ? null : mode }),
  };
  if (fields.whitelist?.length === 0) {
    throw usageFailure('an empty whitelist would refuse everything', 'for no restriction: --no-whitelist');
  }
  return fields;
}

function fieldsToSet(flags: SetFlags): Partial<PolicyFields> {
  const fields = fieldsNamed(flags);
  if (Object.keys(fields).length > 0) return fields;
  throw usageFailure(
    'there is nothing to set',
    'give --file, or some of --whitelist, --deny, --always-allow, --default and --mode',
  );
}

/** With the revision that `show` printed, it replaces that very revision; without one, whatever there is. */
async function putFile(file: string, flags: SetFlags, { api, json, terminal }: CommandContext): Promise<void> {
  if (Object.keys(fieldsNamed(flags)).length > 0) {
    throw usageFailure('--file sets the whole policy', 'put the other fields into the file');
  }
  const { body, revision } = await readPolicyFile(file, flags.env, terminal);
  const document = await api({ method: 'PUT', path: policyPath(flags.env), body, ifMatch: revision });
  const stored = expectAnswer(policyAnswer, document);
  if (json) printJson(terminal, document);
  else printPolicy(terminal, stored, flags.env);
  remarkPaths([...(stored.whitelist ?? []), ...stored.deny, ...stored.alwaysAllow], terminal);
}
