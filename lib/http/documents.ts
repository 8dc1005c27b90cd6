/** What callers get: records turned into the API's documents. Times become RFC 3339 UTC. Secrets only in `resolution`. */
import type { Agent } from '../domain/agent.ts';
import { dockerConfigKey } from '../domain/address.ts';
import type { AuditEntry } from '../domain/audit.ts';
import type { Credential } from '../domain/credential.ts';
import { hasEnded, type PolicyDocument, type StoredPolicy } from '../domain/policy.ts';
import type { Registry, Verification } from '../domain/registry.ts';
import { hostOf } from '../domain/image-reference.ts';
import type { Explanation } from '../service/explain.ts';
import type { RegistryView } from '../service/registry-view.ts';
import type { Resolution } from '../service/resolve.ts';
import type { Status } from '../service/status.ts';

type Document = Readonly<Record<string, unknown>>;

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function timeOrNull(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : time(milliseconds);
}

export function resolutionDocument(resolution: Resolution): Document {
  const { credential, reference, registry, refreshAfter } = resolution;
  return {
    image: resolution.image,
    reference,
    decision: resolution.decision,
    credential: {
      username: credential.username,
      password: credential.password.reveal(),
      serverAddress: dockerConfigKey(hostOf(reference)),
      ...lifetime(credential),
      refreshAfter: time(refreshAfter),
      version: credential.version,
      registryId: registry.id,
    },
    tls: registry.tls,
  };
}

/** Formatting times is a tenth of a resolve, and a credential is given out many times. */
const lifetimes = new WeakMap<Credential, Document>();

function lifetime(credential: Credential): Document {
  const known = lifetimes.get(credential);
  if (known !== undefined) return known;
  const formatted = { issuedAt: time(credential.issuedAt), expiresAt: timeOrNull(credential.expiresAt) };
  lifetimes.set(credential, formatted);
  return formatted;
}

/** Agents are told which rules hold, and not why somebody made an exception: what a host is told reaches its logs. */
export function explanationDocument(explanation: Explanation): Document {
  const { answer, rulesLookedAt, askedBy } = explanation;
  const rules = (policy: PolicyDocument | undefined): Document | null => {
    if (policy === undefined) return null;
    const document = rulesDocument(policy, rulesLookedAt.at);
    return askedBy === 'agent' ? { ...document, exceptions: document.exceptions.map(withoutReason) } : document;
  };
  return {
    image: explanation.image,
    reference: explanation.reference,
    decision: explanation.decision,
    rules: { organisation: rules(rulesLookedAt.organisation), environment: rules(rulesLookedAt.environment) },
    outcome: answer.outcome,
    why: answer.why,
    registry: answer.registry === undefined ? null : registryReference(answer.registry),
    credentialState: answer.credentialState ?? null,
    overridden: answer.overridden.map(registryReference),
  };
}

function registryReference(registry: Registry): Document {
  return { id: registry.id, address: registry.address, kind: registry.source.kind, state: registry.state };
}

export function registryDocument(view: RegistryView): Document {
  const { registry } = view;
  const { current, dueAt, lastError } = registry.credential;
  return {
    id: registry.id,
    address: registry.address,
    environments: registry.environments,
    state: registry.state,
    overridden: view.overridden,
    overrides: view.overrides,
    overriddenBy: view.overriddenBy,
    source: registry.source,
    tls: registry.tls,
    probe: registry.probe ?? null,
    trustedRealms: registry.trustedRealms ?? [],
    email: registry.email ?? null,
    description: registry.description ?? null,
    expiresOn: registry.expiresOn ?? null,
    expiresInDays: view.expiresInDays,
    credential: {
      state: view.credentialState,
      username: current?.username ?? null,
      issuedAt: timeOrNull(current?.issuedAt),
      expiresAt: timeOrNull(current?.expiresAt),
      secondsLeft: view.secondsLeft,
      nextRefreshAt: registry.state === 'active' ? timeOrNull(dueAt) : null,
      version: current?.version ?? null,
      lastError: lastError === undefined ? null : { code: lastError.code, at: time(lastError.at) },
    },
    verification: registry.verification === undefined ? null : verificationDocument(registry.verification),
    createdAt: time(registry.createdAt),
    updatedAt: time(registry.updatedAt),
    revision: registry.revision,
  };
}

function verificationDocument(verification: Verification): Document {
  const { status, at, warning, drift } = verification;
  return {
    status,
    at: time(at),
    warning: warning ?? null,
    drift: drift === undefined ? null : { from: drift.from, at: time(drift.at) },
  };
}

export function policyDocument(
  stored: StoredPolicy,
  about: { readonly environment: string | undefined; readonly now: number },
): Document {
  return {
    environment: about.environment ?? null,
    ...rulesDocument(stored.document, about.now),
    revision: stored.revision,
    updatedAt: stored.revision === 0 ? null : time(stored.updatedAt),
  };
}

interface ExceptionDocument {
  readonly entry: string;
  readonly reason: string;
  readonly until: string;
  readonly ended: boolean;
}

function rulesDocument(document: PolicyDocument, now: number) {
  const exceptions = document.exceptions.map((exception): ExceptionDocument => ({
    ...exception,
    until: time(exception.until),
    ended: hasEnded(exception, now),
  }));
  return { ...document, exceptions };
}

function withoutReason({ reason: _, ...exception }: ExceptionDocument): Omit<ExceptionDocument, 'reason'> {
  return exception;
}

export function agentDocument(agent: Agent): Document {
  return {
    id: agent.id,
    name: agent.name,
    role: agent.role,
    environments: agent.environments,
    export: agent.export,
    principal: agent.principal ?? null,
    createdAt: time(agent.createdAt),
    expiresAt: timeOrNull(agent.expiresAt),
  };
}

/** `name`: of the agent who asked or changed. */
export function auditDocument(entry: AuditEntry, name: string | undefined): Document {
  return { ...entry, name: name ?? null, at: time(entry.at) };
}

export function statusDocument(status: Status, now: number): Document {
  const attention = status.attention.map(({ view, reason }) => ({ ...registryDocument(view), reason }));
  return { ...status, attention, expiring: status.expiring.map(registryDocument), time: time(now) };
}
