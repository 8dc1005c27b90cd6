/**
 * Thirty days of the product's own refresher and release under faults of everything they depend on, in virtual time. What
 * comes out is held against the ledger: no dead or empty credential, and an alarm while there is time to act.
 */
import type { Credential } from '../../../lib/domain/credential.ts';
import type { Registry } from '../../../lib/domain/registry.ts';
import { clockCheck } from '../../../lib/serve/clock-watch.ts';
import { expiringCache } from '../../../lib/service/expiring-cache.ts';
import { currentCredential } from '../../../lib/service/release.ts';
import { refreshDue } from '../../../lib/service/refresh.ts';
import type { RefreshDeps } from '../../../lib/service/refresh-registry.ts';
import { health } from '../../../lib/service/status.ts';
import { StoreUnavailable, type RefreshOutcome } from '../../../lib/stores/catalogue.ts';
import { seededRandom } from '../seeded-random.ts';
import { simulatedCatalogue, type SimulatedCatalogue } from '../simulated-catalogue.ts';
import { virtualTime } from '../virtual-time.ts';
import { faultyCatalogue, faultyVault } from './faulty-stores.ts';
import { faultyKinds, faultyLogin, type Issued } from './faulty-source.ts';
import { ADDRESSES, distrustTimes, newRegistry } from './registries.ts';
import { changesOf, clockOffset, forecast, presentSpell, type Weather } from './weather.ts';

export interface ScheduleRun {
  readonly seed: number;
  /** With the time of each; the first ones only. */
  readonly violations: readonly string[];
  readonly pulls: number;
  readonly unanswered: number;
  /** Handed out although dead or refused, which nobody could know: a clock was wrong, or a source and a registry at once. */
  readonly excused: number;
  readonly refreshes: number;
  /** Of any ECR credential of twelve hours: what it had left when the alarm was first on. */
  readonly latestAlarmSecondsLeft: number;
}

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAYS = 30;
const TICK_MS = 2_000;
/** `serve` tries every two seconds then, too; nothing comes of it but time. */
const TICK_WHILE_DOWN_MS = 30_000;
const CLOCK_WATCH_MS = 1_000;
const SAMPLE_MS = 30 * MINUTE;
/** An operator has this long to act before an ECR credential expires. */
const ALARM_BEFORE_MS = 2 * HOUR;
const ALARM_FOR_LIVES_OF_MS = 11 * HOUR;
const MOST_VIOLATIONS = 5;

interface Run {
  readonly weather: Weather;
  readonly now: () => number;
  /** What the machine says. */
  readonly clock: () => number;
  readonly ledger: Map<string, Issued>;
  readonly catalogue: SimulatedCatalogue;
  readonly deps: RefreshDeps;
  /** Versions whose alarm was seen. */
  readonly alarmed: Set<string>;
  readonly seen: { -readonly [Key in keyof ScheduleRun]: ScheduleRun[Key] } & { readonly violations: string[] };
}

export async function runSchedule(seed: number): Promise<ScheduleRun> {
  const random = seededRandom(seed);
  const end = START + DAYS * 24 * HOUR;
  const weather = forecast({ start: START, end }, random);
  const time = virtualTime(START);
  const clock = (): number => time.now() + clockOffset(weather, time.now());
  const run = openRun({ seed, weather, time, clock, random });
  const watch = clockCheck({
    store: {
      distrustTimes: async (now) => {
        distrustTimes(run.catalogue, now);
      },
      holdsTimesAfter: async () => false,
    },
    report: () => undefined,
    now: clock,
    elapsed: () => time.now() - START,
    onStep: () => undefined,
  });
  const changes = changesOf(weather);
  void (async () => {
    let refreshed = 0;
    const unended = new Set<RefreshOutcome>();
    for (;;) {
      await watch();
      if (time.now() >= refreshed) {
        const limits = { budgetMilliseconds: MINUTE, concurrency: 2, unended };
        const isStoreDown = await refreshDue(limits, run.deps).then(() => false, isUnavailable);
        refreshed = time.now() + (isStoreDown ? TICK_WHILE_DOWN_MS : TICK_MS);
      }
      await time.sleep(untilNext(run, changes));
    }
  })();
  void (async () => {
    for (;;) {
      await time.sleep(SAMPLE_MS);
      for (const registry of run.catalogue.registries.values()) await pull(registry, run);
    }
  })();
  await time.runUntil(end);
  return run.seen;
}

function openRun(given: {
  readonly seed: number;
  readonly weather: Weather;
  readonly time: ReturnType<typeof virtualTime>;
  readonly clock: () => number;
  readonly random: () => number;
}): Run {
  const { seed, weather, time, clock, random } = given;
  const { now } = time;
  const ledger = new Map<string, Issued>();
  const seen = {
    ...{ seed, violations: [], pulls: 0, unanswered: 0, excused: 0, refreshes: 0 },
    latestAlarmSecondsLeft: Infinity,
  };
  const catalogue = simulatedCatalogue((_previous, next) => {
    seen.refreshes += 1;
    void pullAtItsEnd(next);
  });
  for (const [index, text] of ADDRESSES.entries()) catalogue.add(newRegistry(index, text, START));
  const dependencies = { weather, now, ledger };
  let ids = 0;
  const deps: RefreshDeps = {
    catalogue: faultyCatalogue(catalogue, { spells: weather.catalogue, now, random }),
    vault: faultyVault({ spells: weather.vault, now, random }),
    now: clock,
    random,
    newId: () => String((ids += 1)),
    loginCheck: faultyLogin(dependencies),
    kinds: faultyKinds(dependencies),
    ecrUpstreamHosts: [],
    report: () => undefined,
    mintTimeoutMilliseconds: 15_000,
    loginTimeoutMilliseconds: 12_000,
    deadline: (milliseconds) => {
      const hangs = [weather.source, weather.registry].some((spells) => presentSpell(spells, now())?.fault === 'hangs');
      const controller = new AbortController();
      if (hangs)
        void time.sleep(milliseconds).then(() => {
          controller.abort();
        });
      return controller.signal;
    },
  };
  const run = { weather, now, clock, ledger, catalogue, deps, alarmed: new Set<string>(), seen };
  return run;

  /** The first moment at which it would be wrong to hand it out. */
  async function pullAtItsEnd({ id, credential: { current } }: Registry): Promise<void> {
    await time.sleep((current?.expiresAt ?? Infinity) - clock());
    const present = catalogue.registries.get(id);
    if (present?.credential.current?.version === current?.version && present !== undefined) await pull(present, run);
  }
}

/** Until something is due, or the weather changes; what is overdue waits for the next turn of the loop. */
function untilNext({ catalogue, now, clock }: Run, changes: readonly number[]): number {
  const dues = [...catalogue.registries.values()].map(({ credential }) => {
    const at = credential.claim?.until ?? credential.dueAt ?? Infinity;
    return Math.max(TICK_MS, at - clock());
  });
  const change = changes.find((at) => at + CLOCK_WATCH_MS > now()) ?? Infinity;
  return Math.min(...dues, change + CLOCK_WATCH_MS - now());
}

function isUnavailable(error: unknown): true {
  if (error instanceof StoreUnavailable) return true;
  throw error;
}

async function pull(registry: Registry, run: Run): Promise<void> {
  const { deps, clock, seen } = run;
  seen.pulls += 1;
  await checkAlarm(registry, run);
  const issuedCache = expiringCache<Credential>({ ttlMilliseconds: 0, maxEntries: 1, now: clock });
  try {
    const released = await currentCredential(registry, {
      issued: deps.vault,
      issuedCache,
      report: deps.report,
      now: clock,
      ecrUpstreamHosts: [],
    });
    if (released.ok) checkReleased(released.value, registry, run);
    else if (released.failure.kind === 'credential_unavailable' && released.failure.state === 'missing') {
      violation(`${registry.address} lost its credential`, run);
    } else seen.unanswered += 1;
  } catch (error) {
    isUnavailable(error);
    seen.unanswered += 1;
  }
}

function checkReleased(credential: Credential, { address }: Registry, run: Run): void {
  const { ledger, now, weather, seen } = run;
  const issued = ledger.get(credential.password.reveal());
  if (issued === undefined) {
    violation(`${address}: a credential that nobody issued was handed out`, run);
    return;
  }
  if (issued.accepted && issued.endsAt > now()) return;
  // One that the registry refuses is taken only untried, when there is hardly time left.
  const isExcused = issued.misdated || clockOffset(weather, now()) !== 0 || !issued.accepted;
  if (isExcused) seen.excused += 1;
  else violation(`${address}: a credential that is dead for ${now() - issued.endsAt} ms was handed out`, run);
}

async function checkAlarm(registry: Registry, run: Run): Promise<void> {
  const { now, clock, weather, seen } = run;
  const { current, urgentAt } = registry.credential;
  if (registry.source.kind !== 'ecr' || current?.expiresAt === undefined || clockOffset(weather, now()) !== 0) return;
  const { issuedAt, expiresAt, version } = current;
  // What a wrong clock or a bad answer cut short has its alarm at three quarters of what it has.
  if (expiresAt - issuedAt < ALARM_FOR_LIVES_OF_MS || run.alarmed.has(version)) return;
  const left = expiresAt - now();
  const { status } = await health({
    catalogue: {
      firstUrgent: async () => (urgentAt === undefined ? undefined : { registryId: registry.id, urgentAt }),
      soonestExpiries: async () => [],
      getPolicy: async () => undefined,
      badRows: async () => [],
    },
    now: clock,
  });
  if (status === 'stale') {
    run.alarmed.add(version);
    if (left > 0) seen.latestAlarmSecondsLeft = Math.min(seen.latestAlarmSecondsLeft, left / 1000);
  }
  if (status === 'ok' && left <= ALARM_BEFORE_MS) {
    violation(`${registry.address} expires in ${Math.round(left / MINUTE)} minutes, and there is no alarm`, run);
  }
}

function violation(what: string, { seen, now }: Run): void {
  if (seen.violations.length < MOST_VIOLATIONS) seen.violations.push(`${new Date(now()).toISOString()} ${what}`);
}
