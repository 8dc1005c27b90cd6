/**
 * Every credential that an environment may use now, for tools that read a docker config and know no helper. Only for
 * agents whose token may export: it is the one answer that holds more than was asked for.
 */
import type { Agent } from '../domain/agent.ts';
import { splitAddress } from '../domain/address.ts';
import type { Credential } from '../domain/credential.ts';
import { parseEnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { decideAddress } from '../domain/policy-decision.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { isPerhapsAt } from '../domain/unreadable-registry.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import {
  credentialOf,
  firstAdmitted,
  requireEnvironment,
  requireRole,
  type Forbidden,
  type ProvenCaller,
} from './authenticate.ts';
import { environmentRegistries } from './environment-registries.ts';
import { currentCredential, type ReleaseDeps } from './release.ts';
import { decisionEntry, outcomeOf } from './resolve.ts';

export interface ExportDeps extends ReleaseDeps {
  readonly catalogue: Pick<Catalogue, 'listRegistries' | 'getPolicy'>;
}

export interface ExportedCredential {
  readonly registry: Registry;
  readonly credential: Credential;
}

export async function exportCredentials(
  request: {
    readonly caller: ProvenCaller;
    readonly environment: string;
    /** Registries for a path, too: for readers that match keys by path, as docker does not. */
    readonly paths: boolean;
  },
  deps: ExportDeps,
): Promise<Result<readonly ExportedCredential[], Forbidden | InvalidInput>> {
  const environment = parseEnvironmentName(request.environment);
  if (!environment.ok) return failure(invalidInput('environment', environment.failure.rule));
  const agent = firstAdmitted(request.caller, (candidate) => mayExport(candidate, environment.value));
  if (!agent.ok) return agent;
  const { principal } = request.caller;
  const by = { agent: agent.value, ...(principal === undefined ? {} : { principal }) };

  const { policies, answering, unreadable } = await environmentRegistries(environment.value, deps);
  const exported: ExportedCredential[] = [];
  for (const registry of answering) {
    if (registry.state !== 'active' || unreadable.some((each) => isPerhapsAt(each, registry.address))) continue;
    if (!request.paths && splitAddress(registry.address).path !== '') continue;
    const decision = decideAddress({ address: registry.address, ...policies });
    if (!decision.allowed) continue;
    const about = { ...by, environment: environment.value, image: registry.address, decision };
    const credential = await currentCredential(registry, deps);
    await deps.recordDecision(decisionEntry({ ...about, at: deps.now() }, outcomeOf(registry, credential)));
    if (!credential.ok) continue;
    exported.push({ registry, credential: credential.value });
  }
  return success(exported);
}

function mayExport(agent: Agent, environment: string): Result<Agent, Forbidden> {
  const role = requireRole(agent, ['agent']);
  if (!role.ok) return role;
  const opened = requireEnvironment(agent, environment);
  if (!opened.ok) return opened;
  if (agent.export) return success(agent);
  const reason = `this ${credentialOf(agent)} may not export credentials: create an agent with "export": true`;
  return failure({ kind: 'forbidden', code: 'export_not_allowed', reason });
}
