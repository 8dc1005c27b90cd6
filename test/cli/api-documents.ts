/** Documents as the API answers them: one valid one of each, with some fields replaced. */

type Fields = Readonly<Record<string, unknown>>;

export function registryDocument(fields: Fields = {}): Fields {
  return {
    id: '01hzregistry1',
    address: 'quay.io',
    environments: ['prod'],
    state: 'active',
    overridden: false,
    source: { kind: 'static', username: 'team+pull' },
    tls: {},
    probe: null,
    trustedRealms: [],
    email: null,
    description: null,
    expiresOn: null,
    expiresInDays: null,
    credential: {
      state: 'fresh',
      username: 'team+pull',
      issuedAt: '2026-03-01T11:00:00.000Z',
      expiresAt: null,
      secondsLeft: null,
      nextRefreshAt: null,
      version: 'v1',
      lastError: null,
    },
    verification: { status: 'verified', at: '2026-03-01T11:00:00.000Z', warning: null, drift: null },
    createdAt: '2026-03-01T11:00:00.000Z',
    updatedAt: '2026-03-01T11:00:00.000Z',
    revision: 3,
    ...fields,
  };
}

export const ECR_ADDRESS = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

/** A credential that runs out 5 hours and 12 minutes after `NOW`. */
export function ecrRegistryDocument(fields: Fields = {}): Fields {
  return registryDocument({
    id: '01hzregistry2',
    address: ECR_ADDRESS,
    source: { kind: 'ecr', roleArn: 'arn:aws:iam::123456789012:role/pull', externalId: 'ext-1' },
    credential: {
      state: 'stale',
      username: 'AWS',
      issuedAt: '2026-03-01T05:12:00.000Z',
      expiresAt: '2026-03-01T17:12:00.000Z',
      secondsLeft: 18_720,
      nextRefreshAt: '2026-03-01T12:05:00.000Z',
      version: 'v7',
      lastError: { code: 'throttled', at: '2026-03-01T11:58:00.000Z' },
    },
    ...fields,
  });
}

export const EXCEPTION = {
  entry: 'quay.io/old',
  reason: 'moves to the mirror',
  until: '2026-04-01T00:00:00.000Z',
  ended: false,
};

export function policyDocument(fields: Fields = {}): Fields {
  return {
    environment: null,
    whitelist: ['quay.io/team'],
    deny: ['evil.example'],
    alwaysAllow: ['registry.k8s.io'],
    exceptions: [EXCEPTION],
    defaultRegistry: null,
    mode: null,
    revision: 4,
    updatedAt: '2026-03-01T11:00:00.000Z',
    ...fields,
  };
}

export function agentDocument(fields: Fields = {}): Fields {
  return {
    id: '0123456789abcdef',
    name: 'host-1',
    role: 'agent',
    environments: ['prod'],
    export: false,
    principal: null,
    createdAt: '2026-03-01T11:00:00.000Z',
    expiresAt: null,
    ...fields,
  };
}

const REFERENCE = {
  registry: 'quay.io',
  repository: 'team/app',
  tag: '1',
  digest: null,
  canonical: 'quay.io/team/app:1',
};
const DECISION = { allowed: true, rule: 'environment whitelist: quay.io/team', mode: 'enforce', wouldRefuse: false };

export const RESOLUTION = {
  image: 'quay.io/team/app:1',
  reference: REFERENCE,
  decision: DECISION,
  credential: {
    username: 'team+pull',
    password: 'canary-password',
    serverAddress: 'quay.io',
    issuedAt: '2026-03-01T11:00:00.000Z',
    expiresAt: '2026-03-01T17:12:00.000Z',
    refreshAfter: '2026-03-01T12:00:05.000Z',
    version: 'v7',
    registryId: '01hzregistry1',
  },
  tls: {},
};

export const EXPLANATION = {
  image: 'quay.io/team/app:1',
  reference: REFERENCE,
  decision: { ...DECISION, mode: 'audit', wouldRefuse: true },
  rules: { organisation: null, environment: null },
  outcome: 'registry_inactive',
  why: 'the registry that answers for this image is deactivated',
  registry: { id: '01hzregistry1', address: 'quay.io', kind: 'static', state: 'inactive' },
  credentialState: 'fresh',
  overridden: [{ id: '01hzregistry0', address: 'quay.io', kind: 'static', state: 'active' }],
};
