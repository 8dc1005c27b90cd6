/** One import from the file to the exit code: what it asks for, what there is, the plan, and the plan carried out. */
import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printJson, remark, withProgress } from '../print.ts';
import { confirm } from '../secret-input.ts';
import { canAsk } from '../terminal.ts';
import { applyPlan, type StepResult } from './apply.ts';
import { planImport } from './plan.ts';
import type { Plan } from './plan-steps.ts';
import { readPresent } from './present.ts';
import { planDocument, printPlan, printResult, resultDocument, stepTitle } from './print.ts';
import { readWanted, type FormatFlags } from './read-wanted.ts';
import { askForSecrets, readSecretsFile, withSecrets } from './secrets.ts';

export interface ImportFlags extends FormatFlags {
  readonly apply?: true;
  readonly yes?: true;
  readonly secrets?: string;
  readonly replaceSecrets?: true;
  readonly allowOverride?: true;
  readonly verify: boolean;
}

export async function importFile(file: string, flags: ImportFlags, context: CommandContext): Promise<void> {
  const { terminal, json, api } = context;
  const given = flags.secrets === undefined ? undefined : await readSecretsFile(flags.secrets, terminal);
  const read = await readWanted(file, flags, terminal);
  const wanted = given === undefined ? read : withSecrets(read, given);
  const present = await withProgress(terminal, 'looking at what there is', () => readPresent(wanted, api));
  const plan = planImport(wanted, present, {
    replaceSecrets: flags.replaceSecrets === true,
    allowOverride: flags.allowOverride === true,
    now: terminal.now(),
  });
  if (!json) printPlan(plan, terminal);
  const results = await carryOut(plan, { file, flags, context });
  if (json) printJson(terminal, { plan: planDocument(plan), results: results?.map(resultDocument) ?? null });
  if (results !== undefined) context.exitWith(exitCodeOf(results));
}

/** Undefined: nobody said so. */
async function carryOut(
  plan: Plan,
  request: { readonly file: string; readonly flags: ImportFlags; readonly context: CommandContext },
): Promise<readonly StepResult[] | undefined> {
  const { file, flags, context } = request;
  const { terminal, json, api } = context;
  const isTold = flags.apply === true || flags.yes === true;
  // Standard input cannot be the file and somebody's answers.
  const mayAsk = canAsk(terminal) && file !== '-' && !json;
  if (plan.steps.length === 0) return isTold ? [] : undefined;
  if (!isTold && !mayAsk) {
    if (!json) remark(terminal, 'nothing was changed: this is the plan; to carry it out: --apply');
    return undefined;
  }
  if (!isTold) await confirm('Carry this out?', terminal);
  const complete = mayAsk ? await askForSecrets(plan, terminal) : plan;
  return await applyPlan(complete, {
    api,
    verify: flags.verify,
    onResult: (result) => {
      if (!json) printResult(result, terminal);
    },
    around: (step, work) => withProgress(terminal, stepTitle(step), work),
  });
}

/** One for all where all that failed did so in one way. */
function exitCodeOf(results: readonly StepResult[]): ExitCode {
  const codes = new Set(
    results.flatMap(({ outcome, exitCode }) => (outcome === 'failed' ? [exitCode ?? EXIT.failed] : [])),
  );
  const isShort = results.some(({ outcome }) => outcome === 'left');
  const [only = EXIT.failed] = codes;
  if (codes.size === 0) return isShort ? EXIT.failed : EXIT.ok;
  return codes.size === 1 ? only : EXIT.failed;
}
