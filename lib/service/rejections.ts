/**
 * A host says that the registry rejected a credential of ours. It is minted anew: at most once per version, and not
 * sooner than a while after it was issued, so that a host that keeps complaining cannot wear out a source.
 */
import type { Agent } from '../domain/agent.ts';
import { EVERY_ENVIRONMENT, parseEnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput, type NotFound } from '../domain/failures.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { firstAdmitted, requireEnvironment, requireRole, type Forbidden, type ProvenCaller } from './authenticate.ts';

const MINIMUM_AGE_MS = 60_000;

export interface RejectionDeps {
  readonly catalogue: Pick<Catalogue, 'getRegistry' | 'reportRejection'>;
  readonly now: () => number;
}

export type RejectionOutcome = 'scheduled' | 'already_reported' | 'superseded';

export async function reportRejection(
  report: {
    readonly caller: ProvenCaller;
    readonly environment: string;
    readonly registryId: string;
    readonly version: string;
  },
  deps: RejectionDeps,
): Promise<Result<RejectionOutcome, NotFound | InvalidInput | Forbidden>> {
  const { registryId, version, environment } = report;
  const named = parseEnvironmentName(environment);
  if (!named.ok) return failure(invalidInput('environment', named.failure.rule));
  const allowed = firstAdmitted(report.caller, (agent) => mayReport(agent, environment));
  if (!allowed.ok) return allowed;
  const registry = await deps.catalogue.getRegistry(registryId);
  const authorised = registry?.environments.some((name) => name === environment || name === EVERY_ENVIRONMENT);
  if (registry === undefined || authorised !== true) return failure({ kind: 'not_found', resource: 'registry' });
  const issuedAt = registry.credential.current?.issuedAt ?? 0;
  const dueAt = Math.max(deps.now(), issuedAt + MINIMUM_AGE_MS);
  const outcome = await deps.catalogue.reportRejection({ registryId, version, now: dueAt });
  return outcome === 'missing' ? failure({ kind: 'not_found', resource: 'registry' }) : success(outcome);
}

function mayReport(agent: Agent, environment: string): Result<Agent, Forbidden> {
  const role = requireRole(agent, ['agent']);
  return role.ok ? requireEnvironment(agent, environment) : role;
}
