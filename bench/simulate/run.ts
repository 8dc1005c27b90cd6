/**
 * `npm run simulate [-- OPTIONS]`: the refresher of one account with some number of registries, under the account's quotas and
 * through an outage; with --faults, a few registries under faults of everything for thirty days, again and again. Prints whether credentials run out, and what came how close to its limit. docs/scale.md reads it.
 */
import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { simulateFaults } from './faults/run-faults.ts';
import { findLargest } from './largest.ts';
import { asText, duration, grouped } from './report.ts';
import { DEFAULTS, type Outage, type Scenario } from './scenario.ts';
import { simulate } from './simulate.ts';

interface Options {
  readonly registries: number;
  readonly principals?: number;
  readonly roles: boolean;
  readonly accounts: number;
  readonly google: number;
  readonly hours: number;
  readonly importHours: number;
  readonly outageAt: number;
  readonly outageHours: number;
  readonly outageKind: Outage['kind'];
  readonly functions: number;
  readonly concurrency: number;
  readonly budget: number;
  readonly timeout: number;
  readonly ecrTokens: number;
  readonly secretWrites: number;
  readonly seed: number;
  readonly largest: boolean;
  readonly faults: boolean;
  readonly schedules: number;
  readonly json: boolean;
}

const { refresher, quotas } = DEFAULTS;

const command = new Command('simulate')
  .description('Runs the refresher in virtual time under the quotas of one account.')
  .option('--registries <n>', 'ECR registries', whole, DEFAULTS.ecrRegistries)
  .option('--principals <n>', 'identities that open them (default: one for each registry)', whole)
  .option('--roles', 'the identities are roles of other accounts: credentials of an hour', false)
  .option('--accounts <n>', 'accounts whose quota of ECR tokens the identities use', whole, DEFAULTS.accounts)
  .option('--google <n>', 'Google registries', whole, 0)
  .option('--hours <n>', 'simulated time', positive, DEFAULTS.hours)
  .option('--import-hours <n>', 'time in which all are added', positive, DEFAULTS.importHours)
  .option('--outage-at <hour>', 'when the outage begins', positive, 6)
  .option('--outage-hours <n>', 'how long it lasts; 0: none', positive, 2)
  .addOption(new Option('--outage-kind <kind>', 'how calls fail').choices(['errors', 'hangs']).default('errors'))
  .option('--functions <n>', 'refreshers started every minute for each kind', whole, refresher.functions)
  .option('--concurrency <n>', 'refreshes at a time in each', whole, refresher.concurrency)
  .option('--budget <seconds>', 'time in which a run claims', whole, refresher.budgetSeconds)
  .option('--timeout <seconds>', 'time after which a function is stopped', whole, refresher.timeoutSeconds)
  .option('--ecr-tokens <n>', 'ECR tokens a second and account', positive, quotas.ecrTokens)
  .option('--secret-writes <n>', 'Secrets Manager writes a second', positive, quotas.secretWrites)
  .option('--seed <n>', 'another seed, other chances', whole, DEFAULTS.seed)
  .option('--largest', 'find the largest number of registries of which no credential runs out', false)
  .option('--faults', 'instead: a few registries, every dependency failing at random for thirty days', false)
  .option('--schedules <n>', 'with --faults: how many times, each with a seed of its own', whole, 1_000)
  .option('--json', 'for machines', false);

const options = command.parse().opts<Options>();
if (options.registries + options.google === 0) command.error('nothing to refresh: give --registries or --google');

const startedAt = performance.now();
if (options.faults) {
  const held = await simulateFaults(options);
  process.exitCode = held ? 0 : 1;
} else if (options.largest) await printLargest();
else {
  const run = await simulate(scenarioOf(options));
  console.log(options.json ? JSON.stringify(run, null, 2) : asText(run));
}
console.error(`simulated in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);

async function printLargest(): Promise<void> {
  const begin = options.registries + options.google;
  const largest = await findLargest(begin, sized, (registries, { expired, minimumSecondsLeft }) => {
    console.error(`${grouped(registries)}: ${grouped(expired)} ran out, least left ${duration(minimumSecondsLeft)}`);
  });
  if (options.json) console.log(JSON.stringify(largest, null, 2));
  else {
    console.log(
      largest.holds === undefined ? 'not even the number begun with holds' : `holds\n${asText(largest.holds)}`,
    );
    console.log(largest.fails === undefined ? '\nno size was found that fails' : `\nfails\n${asText(largest.fails)}`);
  }
}

/** The same mixture at another size. */
function sized(registries: number): Scenario {
  const share = options.google / (options.registries + options.google);
  const google = Math.round(registries * share);
  const scale = registries / (options.registries + options.google);
  const principals = options.principals === undefined ? {} : { principals: Math.ceil(options.principals * scale) };
  return scenarioOf({ ...options, registries: registries - google, google, ...principals });
}

function scenarioOf(given: Options): Scenario {
  const { outageAt, outageHours, outageKind, functions, concurrency } = given;
  return {
    ecrRegistries: given.registries,
    principals: given.principals ?? Math.max(1, given.registries),
    roles: given.roles,
    accounts: given.accounts,
    googleRegistries: given.google,
    hours: given.hours,
    importHours: given.importHours,
    outage: outageHours === 0 ? undefined : { startsAtHour: outageAt, hours: outageHours, kind: outageKind },
    refresher: { functions, concurrency, budgetSeconds: given.budget, timeoutSeconds: given.timeout },
    quotas: { ...quotas, ecrTokens: given.ecrTokens, secretWrites: given.secretWrites },
    seed: given.seed,
  };
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function positive(text: string): number {
  if (!/^\d{1,9}(?:\.\d{1,6})?$/.test(text)) throw new InvalidArgumentError('It must be a number.');
  return Number(text);
}
