/**
 * For clients that name only a host (docker-credential helpers): the credential for that host, if anything on it may be
 * pulled and one registry answers for it. Which image comes next is not known here; that is what resolve is for.
 */
import type { Credential } from '../domain/credential.ts';
import { parseServerKey, type CanonicalAddress } from '../domain/address.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import type { EnvironmentName } from '../domain/environment-name.ts';
import { decideAddress, decideHost, type Decision, type Policies } from '../domain/policy-decision.ts';
import { DOCKER_HUB } from '../domain/registry-host.ts';
import { selectForHost, type AmbiguousSelection, type RegistrySelection } from '../domain/registry-selection.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Caller, CallerFailure, Forbidden } from './authenticate.ts';
import { currentCredential, type NotReleased } from './release.ts';
import {
  decisionEntry,
  inactive,
  outcomeOf,
  refreshAfter,
  type Denied,
  type NoCredential,
  type RegistryInactive,
  type ResolveDeps,
} from './resolve.ts';
import { admit, policiesOf } from './situate.ts';

/** Several registries on that host are for different paths, and the client did not say which path it wants. */
export interface AmbiguousHost {
  readonly kind: 'ambiguous_host';
  readonly host: string;
  readonly addresses: readonly string[];
}

export interface HostResolution {
  /** As the client wrote it: what its answer must be keyed by. */
  readonly serverKey: string;
  readonly credential: Credential;
  readonly refreshAfter: number;
  readonly registry: Registry;
}

export type ResolveHostFailure =
  CallerFailure | Forbidden | InvalidInput | Denied | RegistryInactive | NoCredential | AmbiguousHost | NotReleased;

export interface HostQuestion {
  readonly caller: Caller;
  readonly environment: string;
  readonly serverKey: string;
}

export async function resolveHost(
  question: HostQuestion,
  deps: ResolveDeps,
): Promise<Result<HostResolution, ResolveHostFailure>> {
  const host = parseServerKey(question.serverKey);
  const admitted = await admit({ ...question, host: host.ok ? host.value : DOCKER_HUB }, ['agent'], deps);
  if (!admitted.ok) return admitted;
  if (!host.ok) return failure(invalidInput('server', host.failure.rule));

  const { view, ...caller } = admitted.value;
  const { environment } = caller;
  const policies = { ...policiesOf(view), at: deps.now() };
  const asked = selectAsked({ host: host.value, environment, policies, registries: view.registries });
  const about = { ...caller, image: host.value, at: deps.now(), decision: asked.decision };
  const released = await releaseSelected(about, asked.selection, deps);
  return released.ok ? success({ serverKey: question.serverKey, ...released.value }) : released;
}

/** Records what is decided, whatever it is, before it is answered. */
async function releaseSelected(
  about: Parameters<typeof decisionEntry>[0],
  selection: RegistrySelection | AmbiguousSelection,
  deps: ResolveDeps,
): Promise<Result<Omit<HostResolution, 'serverKey'>, ResolveHostFailure>> {
  const { decision, environment, image: host } = about;
  const record = (outcome: Parameters<typeof decisionEntry>[1]): Promise<void> =>
    deps.recordDecision(decisionEntry(about, outcome));

  if (!decision.allowed) {
    await record({ outcome: 'denied' });
    return failure({ kind: 'denied', rule: decision.rule, image: host, environment });
  }
  switch (selection.kind) {
    case 'none':
      await record({ outcome: 'no_credential' });
      return failure({ kind: 'no_credential', image: host, rule: decision.rule });
    case 'inactive':
      await record({ outcome: 'registry_inactive', registryId: selection.registry.id });
      return failure(inactive(selection.registry));
    case 'ambiguous':
      await record({ outcome: 'ambiguous' });
      return failure({ kind: 'ambiguous_host', host, addresses: selection.registries.map(({ address }) => address) });
    case 'selected': {
      const { registry } = selection;
      const credential = await currentCredential(registry, deps);
      await record(outcomeOf(registry, credential));
      if (!credential.ok) return credential;
      return success({ credential: credential.value, refreshAfter: refreshAfter(credential.value, deps), registry });
    }
  }
}

/**
 * What enforce lets through is looked at first, in audit mode too, so that switching between the two changes no answer
 * that enforce gives. Only where policy leaves no credential for this host does audit go on with those that it refuses,
 * and record by which rule. (For enforce the rest of the host may still be allowed, and be pulled anonymously.)
 */
export function selectAsked(question: {
  readonly host: string;
  readonly environment: EnvironmentName;
  readonly policies: Policies;
  readonly registries: readonly Registry[];
}): { readonly selection: RegistrySelection | AmbiguousSelection; readonly decision: Decision } {
  const { policies, ...place } = question;
  const decision = decideHost({ host: place.host, ...policies });
  const about = (address: CanonicalAddress): Decision => decideAddress({ address, ...policies });
  const open = selectForHost({ ...place, allows: (address) => !about(address).wouldRefuse });
  if (open.kind !== 'none' || decision.mode === 'enforce') return { selection: open, decision };
  const refused = selectForHost({ ...place, allows: () => true });
  const [first] = refused.kind === 'none' ? [] : refused.kind === 'ambiguous' ? refused.registries : [refused.registry];
  return { selection: refused, decision: first === undefined ? decision : about(first.address) };
}
