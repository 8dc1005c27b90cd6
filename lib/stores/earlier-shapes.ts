/**
 * What the version before this one reads in stored documents: it refuses one with any other field, or another text where texts
 * are listed. Nothing is ever added here. When no installation runs that version any more, this and the second text of a
 * document can go: see stored-document.ts.
 */
import type { Shape } from './stored-document.ts';

const VERIFICATION_STATUSES = [
  'verified',
  'refused_address',
  'dns',
  'unreachable',
  'timeout',
  'tls_untrusted',
  'http_only',
  'not_a_registry',
  'realm_not_trusted',
  'unauthorized',
  'scope_denied',
  'rate_limited',
] as const;

/** Of every kind of source. */
const SOURCE = {
  ...{ kind: true, username: true, upstream: true, roleArn: true, externalId: true, repositories: true },
  ...{ accessKeyId: true, accessKeyFingerprint: true, clientEmail: true, privateKeyId: true, projectId: true },
  ...{ keyFingerprint: true, tokenUri: true, scopes: true },
} satisfies Shape;

export const EARLIER_REGISTRY: Shape = {
  ...{ id: true, address: true, environments: true, state: true, source: SOURCE, sourceVersion: true },
  tls: { ca: true, skipVerify: true, plainHttp: true },
  probe: { repository: true },
  ...{ trustedRealms: true, email: true, description: true },
  verification: {
    ...{ status: VERIFICATION_STATUSES, warning: ['accepts_anyone'], at: true },
    drift: { from: [...VERIFICATION_STATUSES, 'accepts_anyone'], at: true },
  },
  ...{ createdAt: true, updatedAt: true },
};

export const EARLIER_CREDENTIAL: Shape = {
  current: { version: true, username: true, issuedAt: true, expiresAt: true },
  ...{ urgentAt: true, consecutiveFailures: true, rejectedVersion: true },
  lastError: {
    code: [
      ...['throttled', 'denied', 'unreachable', 'timeout', 'unavailable', 'bad_secret', 'bad_answer'],
      ...['login_refused', 'internal'],
    ],
    at: true,
  },
};

export const EARLIER_POLICY: Shape = {
  ...{ whitelist: true, deny: true, alwaysAllow: true, exceptions: true, defaultRegistry: true, mode: true },
};

export const EARLIER_AGENT: Shape = {
  ...{ id: true, name: true, environments: true, export: true, createdAt: true, expiresAt: true, role: true },
  ...{ tokenHash: true, principal: true },
};

export const EARLIER_ENTRY: Shape = {
  ...{ type: true, at: true, environment: true, agentId: true, principal: true, image: true, outcome: true },
  ...{ rule: true, mode: true, wouldRefuse: true, registryId: true, version: true },
  ...{ actor: true, action: true, subject: true, detail: true },
};
