/**
 * Is all well, and for how long. Two questions at two prices: health asks the index of what runs out first, the full
 * status walks the registries.
 */
import type { CredentialState } from '../domain/credential.ts';
import { daysLeftOf, EXPIRY_STAGES } from '../domain/expiry-date.ts';
import type { Registry } from '../domain/registry.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { everyItem } from './every-item.ts';
import { isRefusal } from './login.ts';
import { viewRegistries, type RegistryReadDeps } from './registries.ts';
import { secondsLeftOf, type RegistryView } from './registry-view.ts';
import { stateOf } from './release.ts';

export interface KindStatus {
  readonly kind: string;
  readonly registries: number;
  readonly inactive: number;
  readonly states: Readonly<Record<CredentialState, number>>;
  /** Of the active ones; null where none runs out. */
  readonly soonestSecondsLeft: number | null;
}

export interface Status {
  /**
   * `ok`, or the worst credential's state of any active registry. Drift is none: hosts have what they had. An expiry date that
   * is past makes it `stale`: hosts still have what they had, but nothing will renew it.
   */
  readonly health: 'ok' | 'stale' | 'expired';
  readonly kinds: readonly KindStatus[];
  readonly environments: number;
  /** Active ones that were well at a login and are not any more, whatever their credential's state. */
  readonly drifted: number;
  /** Those that need somebody, the ones whose credential does first. At most 50. */
  readonly attention: readonly Attention[];
  /** Active ones whose expiry date is within 30 days or past, the soonest first. At most 50. */
  readonly expiring: readonly RegistryView[];
}

export interface Attention {
  readonly view: RegistryView;
  /**
   * Its credential's state. Where that one is fresh: `drifted`, or `refused` where it never was well and the registry said no
   * at the last login.
   */
  readonly reason: 'stale' | 'expired' | 'pending' | 'drifted' | 'refused';
}

const ATTENTION = 50;
const [FIRST_WARNING_DAYS] = EXPIRY_STAGES;
const PAGE = 200;

export interface StatusDeps extends RegistryReadDeps {
  readonly catalogue: RegistryReadDeps['catalogue'] & Pick<Catalogue, 'listEnvironments'>;
}

export async function status(deps: StatusDeps): Promise<Status> {
  const kinds = new Map<string, Counted>();
  const late: Registry[] = [];
  const drifted: Registry[] = [];
  const refused: Registry[] = [];
  const expiring: Expiring[] = [];
  let driftedCount = 0;
  let worst: Status['health'] = 'ok';
  const now = deps.now();
  for await (const registry of everyItem((query) => deps.catalogue.listRegistries({ filter: {}, ...query }), PAGE)) {
    const state = stateOf(registry, now);
    count(kinds, { registry, state, secondsLeft: secondsLeftOf(registry, now) });
    if (registry.state === 'inactive') continue;
    const daysLeft = daysLeftOf(registry, now);
    if (daysLeft !== undefined && daysLeft <= FIRST_WARNING_DAYS) keepSoonest(expiring, { registry, daysLeft });
    if (daysLeft !== undefined && daysLeft < 0 && worst === 'ok') worst = 'stale';
    const hasDrifted = registry.verification?.drift !== undefined;
    if (hasDrifted) driftedCount += 1;
    if (state === 'fresh') {
      const needy = hasDrifted ? drifted : refused;
      if ((hasDrifted || isRefused(registry)) && needy.length < ATTENTION) needy.push(registry);
      continue;
    }
    if (late.length < ATTENTION) late.push(registry);
    worst = worst === 'expired' || state === 'expired' ? 'expired' : 'stale';
  }
  const environments = await deps.catalogue.listEnvironments();
  return {
    health: worst,
    kinds: [...kinds.values()],
    environments: environments.length,
    drifted: driftedCount,
    attention: await attentionTo([...late, ...drifted, ...refused].slice(0, ATTENTION), deps),
    expiring: await viewRegistries(
      expiring.map(({ registry }) => registry),
      deps,
    ),
  };
}

interface Expiring {
  readonly registry: Registry;
  readonly daysLeft: number;
}

/** In order, and never many of them, however many there are. */
function keepSoonest(expiring: Expiring[], seen: Expiring): void {
  expiring.push(seen);
  expiring.sort((left, right) => left.daysLeft - right.daysLeft);
  expiring.splice(ATTENTION);
}

async function attentionTo(registries: readonly Registry[], deps: StatusDeps): Promise<readonly Attention[]> {
  const views = await viewRegistries(registries, deps);
  return views.map((view) => ({ view, reason: reasonOf(view) }));
}

function reasonOf({ registry, credentialState }: RegistryView): Attention['reason'] {
  if (credentialState !== 'fresh') return credentialState;
  return registry.verification?.drift === undefined ? 'refused' : 'drifted';
}

/** Hosts get a credential that the registry said no to: taken as a last resort, or noticed after the credential was stored. */
function isRefused({ verification }: Registry): boolean {
  return verification !== undefined && (isRefusal(verification) || verification.status === 'forbidden');
}

type Counted = { -readonly [Key in keyof KindStatus]: KindStatus[Key] };

function count(
  kinds: Map<string, Counted>,
  seen: { readonly registry: Registry; readonly state: CredentialState; readonly secondsLeft: number | null },
): void {
  const { registry, state, secondsLeft } = seen;
  const { kind } = registry.source;
  const known = kinds.get(kind) ?? {
    kind,
    registries: 0,
    inactive: 0,
    states: { fresh: 0, stale: 0, expired: 0, pending: 0 },
    soonestSecondsLeft: null,
  };
  kinds.set(kind, known);
  known.registries += 1;
  if (registry.state === 'inactive') {
    known.inactive += 1;
    return;
  }
  known.states = { ...known.states, [state]: known.states[state] + 1 };
  if (secondsLeft === null) return;
  known.soonestSecondsLeft = Math.min(known.soonestSecondsLeft ?? secondsLeft, secondsLeft);
}

export interface Health {
  readonly status: 'ok' | 'stale';
  /** Null where nothing runs out. */
  readonly soonestSecondsLeft: number | null;
}

/** `stale`: some active registry is urgent, see `urgentAt`. A single failed try is not: it has half a lifetime to mend. */
export async function health(deps: {
  readonly catalogue: Pick<Catalogue, 'soonestExpiries' | 'firstUrgent'>;
  readonly now: () => number;
}): Promise<Health> {
  const [urgent, expiries] = await Promise.all([deps.catalogue.firstUrgent(), deps.catalogue.soonestExpiries()]);
  const now = deps.now();
  const soonest = Math.min(...expiries.map(({ expiresAt }) => expiresAt));
  return {
    status: urgent !== undefined && urgent.urgentAt <= now ? 'stale' : 'ok',
    soonestSecondsLeft: expiries.length === 0 ? null : Math.floor((soonest - now) / 1000),
  };
}
