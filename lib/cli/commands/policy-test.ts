/** `pullpass policy test`: what the present policy says of images, or what a proposed one would change. Changes nothing. */
import type { Command } from 'commander';
import type { TestedAnswer, VerdictAnswer } from '../answers.ts';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import type { ContextOf } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { collect, wholeNumber } from '../option-values.ts';
import { testPolicyOn } from '../policy-tests.ts';
import { printJson, printTable, remark, withProgress } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import { decisionWords, remarkOpenings } from './policy-openings.ts';
import { remarkCut } from './policy-refusals.ts';
import { addPolicyFieldOptions } from './policy-set.ts';
import { proposalOf, subjectsOf, type TestFlags, type TestSubjects } from './policy-test-input.ts';

export function addPolicyTest(policy: Command, contextOf: ContextOf): void {
  const test = policy
    .command('test')
    .description('what policy says of images, or what a proposed policy would change; changes nothing')
    .argument('[image...]', 'as clients write them')
    .option('--env <name>', "in this environment; without it by the organisation's policy alone")
    .option('--images-file <file>', 'images, one a line; - for standard input')
    .option('--host <hosts>', 'hosts as helpers name them, with commas or several times', collect)
    .option('--seen', 'all that hosts of the environment asked for')
    .option('--since <time>', 'with --seen, how far back: 7d, 12h, 30m, 4w, or an RFC 3339 time (7d)')
    .option('--max-decisions <number>', 'with --seen, stops there (200000)', wholeNumber(1, 100_000_000))
    .option('--at <time>', 'what would hold at that RFC 3339 time: exceptions end')
    .option('--proposed <file>', 'try this policy in place of the present one: JSON, as `policy show --json` prints it')
    .option('--proposed-organisation <file>', "with --env: try this as the organisation's");
  addPolicyFieldOptions(test)
    .addHelpText('after', '\nThe options of `policy set` try the present policy with these fields changed.')
    .action(async (images: readonly string[], flags: TestFlags, command: Command) => {
      const context = contextOf(command);
      const { api, json, terminal, exitWith } = context;
      const subjects = await subjectsOf(images, flags, context);
      const proposed = await proposalOf(flags, context);
      if (subjects.images.length + subjects.hosts.length === 0) throw nothingToTest(subjects);
      const about = { environment: flags.env, at: flags.at, proposed };
      const items = await withProgress(terminal, 'testing', () => testPolicyOn(subjects, about, api));
      if (json) printJson(terminal, items);
      else printTested(terminal, items);
      if (!json) remarkTested(terminal, items, flags.env);
      if (subjects.seen !== undefined) remarkCut(terminal, subjects.seen);
      if (items.some((item) => verdictOf(item).wouldRefuse)) exitWith(EXIT.failed);
    });
}

function nothingToTest({ seen }: TestSubjects): CommandFailure {
  if (seen === undefined)
    return usageFailure('there is nothing to test', 'name images, or give --images-file or --seen');
  return new CommandFailure({
    exitCode: EXIT.notFound,
    what: `no host has asked for anything since ${seen.since}`,
    advice: '--since looks further back; or name images yourself',
  });
}

/** What the test is about: the proposed policy's, where there is one. */
function verdictOf({ present, proposed }: TestedAnswer): VerdictAnswer {
  return proposed ?? present;
}

/** What needs somebody comes first. */
function printTested(terminal: Terminal, items: readonly TestedAnswer[]): void {
  const weight = (item: TestedAnswer): number => Number(item.change !== null) + 2 * Number(verdictOf(item).wouldRefuse);
  const sorted = items.toSorted((one, other) => weight(other) - weight(one));
  if (items.every(({ proposed }) => proposed === null)) {
    const row = ({ image, present }: TestedAnswer) => [image, decisionWords(present), present.rule];
    printTable(terminal, ['IMAGE', 'DECISION', 'RULE'], sorted.map(row));
    return;
  }
  printTable(
    terminal,
    ['IMAGE', 'NOW', 'PROPOSED', 'RULE', 'CHANGE'],
    sorted.map((item) => [
      item.image,
      decisionWords(item.present),
      decisionWords(verdictOf(item)),
      verdictOf(item).rule,
      changeWords(item),
    ]),
  );
}

function changeWords({ change, proposed }: TestedAnswer): string {
  if (change === 'other_reference') return `is now ${proposed?.reference ?? ''}`;
  return change?.replaceAll('_', ' ') ?? '';
}

function remarkTested(terminal: Terminal, items: readonly TestedAnswer[], env: string | undefined): void {
  const count = (fits: (item: TestedAnswer) => boolean): number => items.filter(fits).length;
  const refused = items.filter((item) => verdictOf(item).wouldRefuse);
  const letThrough = count((item) => verdictOf(item).wouldRefuse && verdictOf(item).allowed);
  const through = letThrough === 0 ? '' : `, ${letThrough} let through by audit mode that enforce would refuse`;
  const breaks = count(({ change }) => change === 'now_refused');
  const changes = items.some(({ proposed }) => proposed !== null) ? `; ${breaks} allowed now and refused then` : '';
  const open = items.length - refused.length;
  remark(
    terminal,
    `${items.length} tested: ${open} allowed, ${refused.length - letThrough} refused${through}${changes}`,
  );
  const named = refused.flatMap((item) => {
    const { reference, rule } = verdictOf(item);
    return reference === null ? [] : [{ image: reference, rule }];
  });
  remarkOpenings(terminal, named, env);
}
