/**
 * The refresher's part of a catalogue, in memory: claims as lib/stores/catalogue.ts asks for them, in the order in which the
 * DynamoDB index has them (a claimed registry stands where its claim lapses). Takes no time; whoever uses it does.
 */
import type { Registry } from '../../lib/domain/registry.ts';
import type { Catalogue, ClaimRequest } from '../../lib/stores/catalogue.ts';
import { heap, type Heap } from './heap.ts';

export interface SimulatedCatalogue extends Pick<
  Catalogue,
  'claimDue' | 'claimRegistry' | 'finishRefresh' | 'getRegistry'
> {
  add(registry: Registry): void;
  readonly registries: ReadonlyMap<string, Registry>;
}

interface QueuePlace {
  readonly id: string;
  readonly at: number;
}

/** `onCredential`: told of every credential that takes another's place. */
export function simulatedCatalogue(onCredential: (previous: Registry, next: Registry) => void): SimulatedCatalogue {
  const registries = new Map<string, Registry>();
  /** By kind. A place that is not its registry's present one is passed over when its time comes. */
  const queues = new Map<string, Heap<QueuePlace>>();

  function put(registry: Registry): void {
    registries.set(registry.id, registry);
    const at = placeOf(registry);
    if (at !== undefined) queueOf(registry.source.kind).push({ id: registry.id, at });
  }

  function queueOf(kind: string): Heap<QueuePlace> {
    const known = queues.get(kind) ?? heap<QueuePlace>((one, other) => one.at < other.at);
    queues.set(kind, known);
    return known;
  }

  function take(registry: Registry, { claimId, until }: ClaimRequest): Registry {
    const claimed = { ...registry, credential: { ...registry.credential, claim: { id: claimId, until } } };
    put(claimed);
    return claimed;
  }

  /** The longest overdue of that kind, or nothing. */
  function firstDue(kind: string, now: number): Registry | undefined {
    const queue = queueOf(kind);
    for (let place = queue.peek(); place !== undefined && place.at <= now; place = queue.peek()) {
      const registry = registries.get(place.id);
      if (registry !== undefined && placeOf(registry) === place.at) return registry;
      queue.pop();
    }
    return undefined;
  }

  return {
    registries,
    add: put,
    getRegistry: async (id) => registries.get(id),
    async claimDue({ claim, kinds, limit }) {
      // By id: it may have the same place twice.
      const due = new Map<string, Registry>();
      while (due.size < limit) {
        const first = kinds
          .map((kind) => firstDue(kind, claim.now))
          .reduce((one, other) => (comesFirst(other, one) ? other : one), undefined);
        if (first === undefined) break;
        queueOf(first.source.kind).pop();
        due.set(first.id, first);
      }
      return [...due.values()].map((registry) => take(registry, claim));
    },
    async claimRegistry(id, claim) {
      const registry = registries.get(id);
      if (registry === undefined) return 'missing';
      const other = registry.credential.claim;
      if (other !== undefined && other.id !== claim.claimId && other.until > claim.now) return 'busy';
      return take(registry, claim);
    },
    async finishRefresh({ registryId, claimId, sourceVersion, credential, verification }) {
      const previous = registries.get(registryId);
      if (previous?.credential.claim?.id !== claimId || previous.sourceVersion !== sourceVersion) return 'lost';
      const { claim: _ended, ...record } = credential ?? previous.credential;
      const next = { ...previous, credential: record, ...(verification === undefined ? {} : { verification }) };
      put(next);
      if (previous.credential.current?.version !== record.current?.version) onCredential(previous, next);
      return 'stored';
    },
  };
}

/** Where an active registry stands in the queue. */
function placeOf({ state, credential }: Registry): number | undefined {
  if (state === 'inactive' || credential.dueAt === undefined) return undefined;
  return credential.claim?.until ?? credential.dueAt;
}

function comesFirst(one: Registry | undefined, other: Registry | undefined): boolean {
  if (one === undefined) return false;
  return other === undefined || (placeOf(one) ?? Infinity) < (placeOf(other) ?? Infinity);
}
