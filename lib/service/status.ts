/**
 * Is all well, and for how long. Two questions at two prices: health asks the index of what runs out first, the full
 * status walks the registries.
 */
import type { CredentialState } from '../domain/credential.ts';
import { daysLeftOf, EXPIRY_STAGES } from '../domain/expiry-date.ts';
import type { Registry } from '../domain/registry.ts';
import type { BadRow } from '../stores/bad-rows.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import { everyItem, everyPage } from './every-item.ts';
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
   * `ok`, or the worst credential's state of any active registry; `damaged` where a registry, a policy or an agent cannot be read.
   * Drift is none: hosts have what they had. An expiry date that is past makes it `stale`: hosts still have what they had, but
   * nothing will renew it.
   */
  readonly health: 'ok' | 'stale' | 'expired' | 'damaged';
  readonly kinds: readonly KindStatus[];
  readonly environments: number;
  /** Active ones that were well at a login and are not any more, whatever their credential's state. */
  readonly drifted: number;
  /** Those that need somebody, the ones whose credential does first. At most 50. */
  readonly attention: readonly Attention[];
  /** Active ones whose expiry date is within 30 days or past, the soonest first. At most 50. */
  readonly expiring: readonly RegistryView[];
  readonly unreadable: number;
  /** What cannot be read, with what would hosts feel first. At most 50. */
  readonly unreadableRows: readonly BadRow[];
}

export interface Attention {
  readonly view: RegistryView;
  /**
   * Its credential's state. Where that one is fresh: `lost` where the vault does not have it; `drifted`, or `refused` where it
   * never was well and the registry said no at the last login.
   */
  readonly reason: 'stale' | 'expired' | 'pending' | 'lost' | 'drifted' | 'refused';
}

const ATTENTION = 50;
const [FIRST_WARNING_DAYS] = EXPIRY_STAGES;
const PAGE = 200;

export interface StatusDeps extends RegistryReadDeps {
  readonly catalogue: RegistryReadDeps['catalogue'] &
    Pick<Catalogue, 'listEnvironments' | 'getPolicy' | 'listAgents' | 'badRows'>;
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
    if (state === 'fresh' && !isLost(registry, now)) {
      const needy = hasDrifted ? drifted : refused;
      if ((hasDrifted || isRefused(registry)) && needy.length < ATTENTION) needy.push(registry);
      continue;
    }
    if (late.length < ATTENTION) late.push(registry);
    worst = worst === 'expired' || state === 'expired' ? 'expired' : 'stale';
  }
  const environments = await deps.catalogue.listEnvironments();
  const bad = await everyBadRow(environments, deps);
  return {
    health: bad.some(isFelt) ? 'damaged' : worst,
    kinds: [...kinds.values()],
    environments: environments.length,
    drifted: driftedCount,
    attention: await attentionTo([...late, ...drifted, ...refused].slice(0, ATTENTION), deps),
    expiring: await viewRegistries(
      expiring.map(({ registry }) => registry),
      deps,
    ),
    unreadable: bad.length,
    unreadableRows: bad.toSorted((left, right) => Number(isFelt(right)) - Number(isFelt(left))).slice(0, ATTENTION),
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

/** The registries were walked already: what cannot be read is known when it was met. */
async function everyBadRow(environments: readonly string[], deps: StatusDeps): Promise<readonly BadRow[]> {
  const { catalogue } = deps;
  for (const scope of [null, ...environments]) await metOrNot(catalogue.getPolicy(scope));
  await Array.fromAsync(
    everyPage((query) => catalogue.listAgents(query), PAGE),
    () => undefined,
  );
  return await catalogue.badRows();
}

async function metOrNot(read: Promise<unknown>): Promise<void> {
  try {
    await read;
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
  }
}

/** By hosts. An entry of the audit trail is not; what a secret that cannot be read does to hosts, its registry says. */
function isFelt({ table }: BadRow): boolean {
  return table !== 'audit' && table !== 'secrets';
}

/** Reported as lost: due, urgent, and not made anew yet. */
function isLost({ state, credential }: Registry, now: number): boolean {
  const { current, rejectedVersion, urgentAt } = credential;
  if (state === 'inactive' || current === undefined || rejectedVersion !== current.version) return false;
  return urgentAt !== undefined && urgentAt <= now;
}

async function attentionTo(registries: readonly Registry[], deps: StatusDeps): Promise<readonly Attention[]> {
  const views = await viewRegistries(registries, deps);
  const now = deps.now();
  return views.map((view) => ({ view, reason: reasonOf(view, now) }));
}

function reasonOf({ registry, credentialState }: RegistryView, now: number): Attention['reason'] {
  if (credentialState !== 'fresh') return credentialState;
  if (isLost(registry, now)) return 'lost';
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
  readonly status: 'ok' | 'stale' | 'damaged';
  /** Null where nothing runs out. */
  readonly soonestSecondsLeft: number | null;
}

/**
 * `stale`: some active registry is urgent, see `urgentAt`. A single failed try is not: it has half a lifetime to mend. `damaged`:
 * the organisation's policy cannot be read, which refuses every host, or something else that was met cannot.
 */
export async function health(deps: {
  readonly catalogue: Pick<Catalogue, 'soonestExpiries' | 'firstUrgent' | 'getPolicy' | 'badRows'>;
  readonly now: () => number;
}): Promise<Health> {
  const { catalogue } = deps;
  const [urgent, expiries] = await Promise.all([
    catalogue.firstUrgent(),
    catalogue.soonestExpiries(),
    metOrNot(catalogue.getPolicy(null)),
  ]);
  const bad = await catalogue.badRows();
  const now = deps.now();
  const soonest = Math.min(...expiries.map(({ expiresAt }) => expiresAt));
  return {
    status: bad.some(isFelt) ? 'damaged' : urgent !== undefined && urgent.urgentAt <= now ? 'stale' : 'ok',
    soonestSecondsLeft: expiries.length === 0 ? null : Math.floor((soonest - now) / 1000),
  };
}
