/**
 * What the catalogue says, for one caller, environment and host: one batched read, kept for a short while. Its lifetime
 * is part of the promise that revocation, deactivation and policy hold everywhere within 5 seconds (together with the
 * time that hosts keep an answer, see `hostCacheMilliseconds` in resolve.ts).
 *
 * Agents are kept by id, the rest by environment and host, so that what is kept is their sum and not their product; and
 * the rest only for callers that were admitted, so that nobody from outside can fill the memory.
 */
import type { Agent } from '../domain/agent.ts';
import { success, type Result } from '../domain/result.ts';
import type { Catalogue, ResolveView } from '../stores/catalogue.ts';
import { expiringMap, singleFlight } from './expiring-cache.ts';

export interface ViewQuery {
  readonly agentId: string;
  readonly environment: string;
  readonly host: string;
}

/** All but the agent. Never changes once it is read. */
export type EnvironmentView = Omit<ResolveView, 'agent'>;

export interface AdmittedView {
  readonly agent: Agent;
  readonly view: EnvironmentView;
}

export interface ResolveViews {
  /** `admit` judges the agent that the catalogue has under the id: undefined where there is none. */
  read<Failure>(
    query: ViewQuery,
    admit: (agent: Agent | undefined) => Result<Agent, Failure>,
  ): Promise<Result<AdmittedView, Failure>>;
  /** For a process that changes the catalogue itself: its own changes hold at once. */
  forget(): void;
}

const MAX_AGENTS = 10_000;
const MAX_VIEWS = 1_000;

export function cachedResolveViews(
  catalogue: Pick<Catalogue, 'readForResolve'>,
  options: { readonly ttlMilliseconds: number; readonly now: () => number },
): ResolveViews {
  const agents = expiringMap<Agent>({ ...options, maxEntries: MAX_AGENTS });
  const views = expiringMap<EnvironmentView>({ ...options, maxEntries: MAX_VIEWS });
  // What was asked for before the last change is answered, but not kept.
  let generation = 0;
  const share = singleFlight<{ readonly read: ResolveView; readonly since: number; readonly generation: number }>();

  return {
    async read(query, admit) {
      // A space can stand in none of the three, so no two queries share a key.
      const place = `${query.environment} ${query.host}`;
      const knownAgent = agents.get(query.agentId);
      const admittedBefore = knownAgent === undefined ? undefined : admit(knownAgent);
      if (admittedBefore?.ok === false) return admittedBefore;
      const knownView = views.get(place);
      if (admittedBefore !== undefined && knownView !== undefined) {
        return success({ agent: admittedBefore.value, view: knownView });
      }

      const {
        read,
        since,
        generation: asked,
      } = await share(`${generation} ${query.agentId} ${place}`, async () => {
        const begun = { since: options.now(), generation };
        return { ...begun, read: await catalogue.readForResolve(query) };
      });
      const { agent, ...view } = read;
      if (agent !== undefined && asked === generation) agents.keep(query.agentId, agent, since);
      const admitted = admit(agent);
      if (!admitted.ok) return admitted;
      if (asked === generation) views.keep(place, view, since);
      return success({ agent: admitted.value, view });
    },
    forget: () => {
      generation += 1;
      agents.clear();
      views.clear();
    },
  };
}
