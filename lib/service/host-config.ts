/**
 * What a host of an environment is to be set up for: TLS of the registries that it may use, and the whitelist, because no
 * credential helper can keep a runtime from pulling a public image anonymously. No secret is in it. How each runtime writes
 * it down is formats/host-config.
 */
import { OPEN, refusesAnything } from '../domain/access-scopes.ts';
import { splitAddress } from '../domain/address.ts';
import { parseEnvironmentName, type EnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import {
  decideAddress,
  effectiveDefaultRegistry,
  effectiveMode,
  verdictsHoldUntil,
  type Policies,
} from '../domain/policy-decision.ts';
import { scopesOf, type TooManyScopes } from '../domain/policy-scopes.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { HostConfigTooLarge, WantedHostConfig } from '../formats/host-config/wanted.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import { firstAdmitted, requireEnvironment, requireRole, type Forbidden, type ProvenCaller } from './authenticate.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { environmentRegistries, type EnvironmentRegistriesDeps } from './environment-registries.ts';
import { tlsByHost } from './host-tls.ts';

export interface HostConfigDeps extends EnvironmentRegistriesDeps {
  readonly catalogue: EnvironmentRegistriesDeps['catalogue'] & Pick<Catalogue, 'registriesOnHost'>;
}

export const HOST_CONFIG_ROLES = ['agent', 'viewer', 'admin'] as const;

export async function hostConfig(
  request: { readonly caller: ProvenCaller; readonly environment: string },
  deps: HostConfigDeps,
): Promise<Result<WantedHostConfig, Forbidden | InvalidInput | HostConfigTooLarge>> {
  const environment = parseEnvironmentName(request.environment);
  if (!environment.ok) return failure(invalidInput('environment', environment.failure.rule));
  const agent = firstAdmitted(request.caller, (candidate) => {
    const allowed = requireRole(candidate, HOST_CONFIG_ROLES);
    return !allowed.ok || candidate.role !== 'agent' ? allowed : requireEnvironment(candidate, environment.value);
  });
  if (!agent.ok) return agent;
  const { policies, answering, unreadable } = await environmentRegistries(environment.value, deps);
  // Without it hosts would lose what they trust it by, or what keeps them from it: they go on with the files that they have.
  if (unreadable.length > 0) throw new UnreadableRow();
  const neighbours = await neighboursOf(answering, deps);
  return wantedFor(environment.value, { policies, answering, neighbours });
}

/**
 * Every registry on the hosts that something other than verified HTTPS is wanted for: overridden ones and those of other
 * environments, too. One that answers in a moment's time must not find hosts that trust what it never asked for.
 */
async function neighboursOf(answering: readonly Registry[], deps: HostConfigDeps): Promise<readonly Registry[]> {
  const special = answering.filter(({ tls }) => Object.keys(tls).length > 0);
  const hosts = [...new Set(special.map(({ address }) => splitAddress(address).host))];
  return (await Promise.all(hosts.map((host) => deps.catalogue.registriesOnHost(host)))).flat();
}

interface EnvironmentState {
  readonly policies: Policies;
  readonly answering: readonly Registry[];
  readonly neighbours: readonly Registry[];
}

function wantedFor(
  environment: EnvironmentName,
  { policies, answering, neighbours }: EnvironmentState,
): Result<WantedHostConfig, HostConfigTooLarge> {
  const mode = effectiveMode(policies);
  const undisturbed = { organisation: undefined, environment: undefined, at: policies.at };
  const enforced = scopesOf(mode === 'enforce' ? policies : undisturbed, answering);
  if (!enforced.ok) return tooLarge(enforced.failure);
  const policy = mode === 'enforce' ? enforced : scopesOf(policies, []);
  if (!policy.ok) return tooLarge(policy.failure);

  const allowed = answering.filter(({ address }) => decideAddress({ address, ...policies }).allowed);
  const { tls, notes } = tlsByHost(trusted(allowed), neighbours);
  const ownDefault = policies.environment?.defaultRegistry ?? policies.organisation?.defaultRegistry ?? null;
  return success({
    environment,
    mode,
    tls,
    knownHosts: [...new Set(answering.map(({ address }) => splitAddress(address).host))].sort(),
    policy: policy.value,
    enforced: refusesAnything(enforced.value) ? enforced.value : OPEN,
    defaultRegistry:
      ownDefault === null ? undefined : effectiveDefaultRegistry(policies.organisation, policies.environment),
    notes: [...notes, ...(mode === 'audit' ? [AUDIT] : endOf(policies))],
  });
}

function endOf(policies: Policies): readonly string[] {
  const until = verdictsHoldUntil(policies);
  if (!Number.isFinite(until)) return [];
  return [
    `An exception of the policy ends at ${new Date(until).toISOString()}: what it opens is open here until this is fetched again.`,
  ];
}

/**
 * Nobody is to trust more for a registry that nobody may pull from. The authority of a deactivated one stays where nothing
 * else on its host says what to trust: a pull is refused with that reason, and not with one about certificates.
 */
function trusted(allowed: readonly Registry[]): readonly Registry[] {
  const active = allowed.filter(({ state }) => state === 'active');
  const settled = new Set(active.map(({ address }) => splitAddress(address).host));
  const authorities = allowed.filter(
    ({ state, address, tls }) =>
      state === 'inactive' && tls.ca !== undefined && !settled.has(splitAddress(address).host),
  );
  return [...active, ...authorities];
}

const AUDIT =
  'The mode is audit: what policy would refuse is not blocked on hosts. Deactivated registries are, in every mode.';

function tooLarge({ limit }: TooManyScopes): Result<never, HostConfigTooLarge> {
  const reason = `policy and deactivated registries name more than ${limit} places (hosts by ports by paths): use fewer, wider entries`;
  return failure({ kind: 'host_config_too_large', reason });
}
