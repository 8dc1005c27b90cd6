/**
 * What the catalogue says, for one caller, environment and host: one batched read, kept for a short while. Its lifetime
 * is part of the promise that revocation, deactivation and policy hold everywhere within 5 seconds (together with the
 * time that hosts keep an answer, see `hostCacheMilliseconds` in resolve.ts).
 *
 * Agents are kept by id, those that have a principal together; the rest by environment and host, so that what is kept is
 * their sum and not their product; and the rest only for callers that were admitted, so that nobody from outside can fill
 * the memory.
 */
import type { Agent } from '../domain/agent.ts';
import { success, type Result } from '../domain/result.ts';
import type { CallerQuery, Catalogue, ResolveView } from '../stores/catalogue.ts';
import { expiringMap, singleFlight } from './expiring-cache.ts';

export interface ViewQuery {
  readonly caller: CallerQuery;
  readonly environment: string;
  readonly host: string;
}

/** All but the agents. Never changes once it is read. */
export type EnvironmentView = Omit<ResolveView, 'agents'>;

export interface AdmittedCaller {
  /** Which of the caller's agents admits the request. */
  readonly agent: Agent;
  /** The ARN of the principal that calls, where it was no token that called. */
  readonly principal?: string;
}

export interface AdmittedView extends AdmittedCaller {
  readonly view: EnvironmentView;
}

export interface ResolveViews {
  /** `admit` judges the agents that the catalogue has for the caller: none, where it has none. */
  read<Failure>(
    query: ViewQuery,
    admit: (agents: readonly Agent[]) => Result<AdmittedCaller, Failure>,
  ): Promise<Result<AdmittedView, Failure>>;
  /** For a process that changes the catalogue itself: its own changes hold at once. */
  forget(): void;
}

/** Callers: one entry an agent's token, and one for all principals. */
const MAX_CALLERS = 10_000;
const MAX_VIEWS = 1_000;

export function cachedResolveViews(
  catalogue: Pick<Catalogue, 'readForResolve'>,
  options: { readonly ttlMilliseconds: number; readonly now: () => number },
): ResolveViews {
  const callers = expiringMap<readonly Agent[]>({ ...options, maxEntries: MAX_CALLERS });
  const views = expiringMap<EnvironmentView>({ ...options, maxEntries: MAX_VIEWS });
  // What was asked for before the last change is answered, but not kept.
  let generation = 0;
  const share = singleFlight<{ readonly read: ResolveView; readonly since: number; readonly generation: number }>();

  return {
    async read(query, admit) {
      // A space can stand in none of the three, and no id is that word: so no two queries share a key.
      const caller = query.caller.kind === 'agent' ? query.caller.id : 'principals';
      const place = `${query.environment} ${query.host}`;
      const knownAgents = callers.get(caller);
      const admittedBefore = knownAgents === undefined ? undefined : admit(knownAgents);
      if (admittedBefore?.ok === false) return admittedBefore;
      const knownView = views.get(place);
      if (admittedBefore !== undefined && knownView !== undefined) {
        return success({ ...admittedBefore.value, view: knownView });
      }

      const {
        read,
        since,
        generation: asked,
      } = await share(`${generation} ${caller} ${place}`, async () => {
        const begun = { since: options.now(), generation };
        return { ...begun, read: await catalogue.readForResolve(query) };
      });
      const { agents, ...view } = read;
      if (agents.length > 0 && asked === generation) callers.keep(caller, agents, since);
      const admitted = admit(agents);
      if (!admitted.ok) return admitted;
      if (asked === generation) views.keep(place, view, since);
      return success({ ...admitted.value, view });
    },
    forget: () => {
      generation += 1;
      callers.clear();
      views.clear();
    },
  };
}
