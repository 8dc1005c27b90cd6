/** What the formats of host configuration are given, for a policy and some registries. */
import { parseEnvironmentName } from '../../lib/domain/environment-name.ts';
import type { Policies } from '../../lib/domain/policy-decision.ts';
import { scopesOf } from '../../lib/domain/policy-scopes.ts';
import type { WantedHostConfig } from '../../lib/formats/host-config/wanted.ts';
import { policy } from '../domain/parsed.ts';
import { AT } from './arbitrary-policies.ts';

type Rules = Parameters<typeof policy>[0];

/** Policies of both, or the rules of the environment's alone. Mode enforce. */
export function wantedFor(rules: Policies | Rules, fields: Partial<WantedHostConfig> = {}): WantedHostConfig {
  const policies: Policies = 'at' in rules ? rules : { organisation: undefined, environment: policy(rules), at: AT };
  const access = scopesOf(policies, []);
  const environment = parseEnvironmentName('prod');
  if (!access.ok || !environment.ok) throw new Error('the test asks for too much');
  return {
    environment: environment.value,
    mode: 'enforce',
    tls: [],
    knownHosts: [],
    policy: access.value,
    enforced: access.value,
    defaultRegistry: undefined,
    notes: [],
    ...fields,
  };
}
