/** A simulated run as lines for people. */
import type { Scenario } from './scenario.ts';
import type { Simulated } from './simulate.ts';

export function asText(run: Simulated): string {
  const { refresher, scenario } = run;
  const lines: readonly (readonly [string, string])[] = [
    ['scenario', describe(scenario)],
    ['all registries added after', run.importHours === undefined ? 'not within the run' : hours(run.importHours)],
    ['credentials that ran out', run.expired === 0 ? 'none' : `of ${grouped(run.expired)} registries`],
    ['least time left', duration(run.minimumSecondsLeft)],
    ['longest queue', `${grouped(run.longestQueue)} registries; longest wait ${run.longestWaitMinutes.toFixed(0)} min`],
    ['nobody late again', recovery(run)],
    [
      'refreshes',
      `${grouped(refresher.refreshed)}; failed tries ${grouped(refresher.failed)}, lost ${grouped(refresher.lost)}`,
    ],
    [
      'runs',
      `${grouped(refresher.runs)}, of them ${grouped(refresher.fullRuns)} used up their time, ` +
        `${grouped(refresher.stoppedRuns)} were stopped; ${grouped(Math.round(refresher.functionSeconds))} s of functions`,
    ],
    ...run.quotas
      .filter(({ taken, throttled }) => taken + throttled > 0)
      .map((quota): readonly [string, string] => [
        quota.name,
        `at most ${quota.busiestMinutePerSecond.toFixed(1)} of ${quota.perSecond} a second; ` +
          `${grouped(quota.taken)} calls, ${grouped(quota.throttled)} throttled`,
      ]),
  ];
  return lines.map(([name, value]) => `${name.padEnd(28)}${value}`).join('\n');
}

function describe(scenario: Scenario): string {
  const { ecrRegistries, principals, roles, accounts, googleRegistries, outage, refresher } = scenario;
  const identities = roles
    ? `${grouped(principals)} roles`
    : `${grouped(principals)} identities of ${accounts} account(s)`;
  const parts = [
    ...(ecrRegistries > 0 ? [`${grouped(ecrRegistries)} ECR registries of ${identities}`] : []),
    ...(googleRegistries > 0 ? [`${grouped(googleRegistries)} Google registries`] : []),
    outage === undefined
      ? 'no outage'
      : `outage (${outage.kind}) from hour ${outage.startsAtHour} for ${outage.hours} h`,
    `${refresher.functions} function(s) x ${refresher.concurrency}`,
  ];
  return parts.join('; ');
}

function recovery({ scenario, recoveryMinutes }: Simulated): string {
  if (scenario.outage === undefined) return 'there was no outage';
  return recoveryMinutes === undefined ? 'not within the run' : `${recoveryMinutes.toFixed(0)} min after the outage`;
}

export function duration(seconds: number): string {
  if (Math.abs(seconds) < 3600) return `${(seconds / 60).toFixed(1)} min`;
  return hours(seconds / 3600);
}

function hours(count: number): string {
  return `${count.toFixed(2)} h`;
}

export function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}
