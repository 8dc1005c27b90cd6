/**
 * For clients of the docker-credential-helper protocol. Most name only a host: they get its credential if anything on it may
 * be pulled and one registry answers for it. Which image comes next is not known here; that is what resolve is for.
 */
import type { CanonicalAddress } from '../domain/address.ts';
import type { EnvironmentName } from '../domain/environment-name.ts';
import { parseHelperKey } from '../domain/helper-key.ts';
import { decideAddress, decideHost, type Decision, type Policies } from '../domain/policy-decision.ts';
import { DOCKER_HUB } from '../domain/registry-host.ts';
import { selectForHost, type AmbiguousSelection, type RegistrySelection } from '../domain/registry-selection.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { isPerhapsFor } from '../domain/unreadable-registry.ts';
import type { Caller } from './authenticate.ts';
import { currentCredential } from './release.ts';
import {
  decisionEntry,
  inactive,
  outcomeOf,
  refreshAfter,
  resolve,
  type Resolution,
  type ResolveDeps,
  type ResolveFailure,
} from './resolve.ts';
import { admit, policiesOf, refuseUnreadable } from './situate.ts';

/** Several registries on that host are for different paths, and the client did not say which path it wants. */
export interface AmbiguousHost {
  readonly kind: 'ambiguous_host';
  readonly host: string;
  readonly addresses: readonly string[];
}

export type HelperResolution = Pick<Resolution, 'credential' | 'refreshAfter' | 'registry'>;

export type HelperFailure = ResolveFailure | AmbiguousHost;

export interface HelperQuestion {
  readonly caller: Caller;
  readonly environment: string;
  /** As the client wrote it. */
  readonly key: string;
}

/**
 * A repository is answered as `resolve` answers for it. Clients that ask for one ask for its host next, if there is no
 * credential, and stop at any refusal. A key that no registry can have is nobody's login here: clients go on without one.
 */
export async function resolveHelperKey(
  question: HelperQuestion,
  deps: ResolveDeps,
): Promise<Result<HelperResolution, HelperFailure>> {
  const { key, ...who } = question;
  const asked = parseHelperKey(key);
  if (!asked.ok) {
    const admitted = await admit({ ...who, host: DOCKER_HUB }, ['agent'], deps);
    return admitted.ok ? failure({ kind: 'no_credential', image: key, rule: asked.failure.rule }) : admitted;
  }
  switch (asked.value.kind) {
    case 'repository':
      return await resolve({ ...who, image: asked.value.reference.canonical }, deps);
    case 'host':
      return await resolveHost({ ...who, host: asked.value.host }, deps);
  }
}

async function resolveHost(
  question: { readonly caller: Caller; readonly environment: string; readonly host: string },
  deps: ResolveDeps,
): Promise<Result<HelperResolution, HelperFailure>> {
  const admitted = await admit(question, ['agent'], deps);
  if (!admitted.ok) return admitted;

  const { view, ...caller } = admitted.value;
  const { environment } = caller;
  const { host } = question;
  // Which path of the host is meant is not known: any of its registries may be the one.
  refuseUnreadable(view, (unreadable) => isPerhapsFor(unreadable, environment));
  const policies = { ...policiesOf(view), at: deps.now() };
  const { selection, decision } = selectAsked({ host, environment, policies, registries: view.registries });
  return await releaseSelected({ ...caller, image: host, at: deps.now(), decision }, selection, deps);
}

/** Records what is decided, whatever it is, before it is answered. */
async function releaseSelected(
  about: Parameters<typeof decisionEntry>[0],
  selection: RegistrySelection | AmbiguousSelection,
  deps: ResolveDeps,
): Promise<Result<HelperResolution, HelperFailure>> {
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
