/**
 * Is all well, and for how long. Two questions at two prices: health asks the index of what runs out first, the full
 * status walks the registries.
 */
import type { CredentialState } from '../domain/credential.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { listRegistries, type RegistryReadDeps } from './registries.ts';
import type { RegistryView } from './registry-view.ts';

export interface KindStatus {
  readonly kind: string;
  readonly registries: number;
  readonly inactive: number;
  readonly states: Readonly<Record<CredentialState, number>>;
  /** Of the active ones; null where none runs out. */
  readonly soonestSecondsLeft: number | null;
}

export interface Status {
  /** `ok`, or the worst state of any active registry. */
  readonly health: 'ok' | 'stale' | 'expired';
  readonly kinds: readonly KindStatus[];
  readonly environments: number;
  /** Those that need somebody: stale, expired or without a credential. At most 50. */
  readonly attention: readonly RegistryView[];
}

const ATTENTION = 50;
const PAGE = 500;

export interface StatusDeps extends RegistryReadDeps {
  readonly catalogue: RegistryReadDeps['catalogue'] & Pick<Catalogue, 'listEnvironments'>;
}

export async function status(deps: StatusDeps): Promise<Status> {
  const kinds = new Map<string, { -readonly [Key in keyof KindStatus]: KindStatus[Key] }>();
  const attention: RegistryView[] = [];
  let health: Status['health'] = 'ok';
  for await (const view of everyRegistry(deps)) {
    count(kinds, view);
    if (view.registry.state === 'inactive' || view.credentialState === 'fresh') continue;
    if (attention.length < ATTENTION) attention.push(view);
    health = health === 'expired' || view.credentialState === 'expired' ? 'expired' : 'stale';
  }
  const environments = await deps.catalogue.listEnvironments();
  return { health, kinds: [...kinds.values()], environments: environments.length, attention };
}

function count(kinds: Map<string, { -readonly [Key in keyof KindStatus]: KindStatus[Key] }>, view: RegistryView): void {
  const { kind } = view.registry.source;
  const known = kinds.get(kind) ?? {
    kind,
    registries: 0,
    inactive: 0,
    states: { fresh: 0, stale: 0, expired: 0, pending: 0 },
    soonestSecondsLeft: null,
  };
  kinds.set(kind, known);
  known.registries += 1;
  if (view.registry.state === 'inactive') {
    known.inactive += 1;
    return;
  }
  known.states = { ...known.states, [view.credentialState]: known.states[view.credentialState] + 1 };
  if (view.secondsLeft === null) return;
  known.soonestSecondsLeft = Math.min(known.soonestSecondsLeft ?? view.secondsLeft, view.secondsLeft);
}

async function* everyRegistry(deps: StatusDeps): AsyncGenerator<RegistryView> {
  let cursor: string | undefined;
  do {
    const query = { filter: {}, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await listRegistries(query, deps);
    if (page === 'bad_cursor') return;
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
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
