/**
 * What there is to ask about while requests are generated: registries of each kind and state, policies, agents of each role,
 * decisions. Nothing of it can be reached; the secrets are canaries that only three answers may hold.
 */
import * as z from 'zod/mini';
import { createServiceAccount } from '../support/google-token-server.ts';

export const CANARIES = ['canary-static-password', 'canary/aws/secret/key/0123456789abcdef0'] as const;
const [PASSWORD, AWS_SECRET] = CANARIES;

/** Where hosts pull in peace: nobody sets this environment's policy while requests are generated. */
export const STEADY = 'steady';

export interface World {
  readonly registries: readonly string[];
  /** To be deleted. */
  readonly spareRegistries: readonly string[];
  /** Whose token everything else is made with: it may not delete itself. */
  readonly administrators: readonly string[];
  readonly spareAgents: readonly string[];
  readonly environments: readonly string[];
  readonly images: readonly string[];
  readonly hosts: readonly string[];
  readonly versions: readonly string[];
  readonly tokens: { readonly viewer: string; readonly agent: string };
  readonly secrets: readonly string[];
}

const AGENTS = z.object({ items: z.array(z.object({ id: z.string() })) });
const CREDENTIAL = z.object({ version: z.string() });

export type CallAdmin = (what: string, body?: unknown) => Promise<Readonly<Record<string, unknown>>>;

const SPARE_REGISTRIES = 60;
const SPARE_AGENTS = 15;

const IMAGES = [
  'quay.io/team/app:1',
  'quay.io/team/sub/app@sha256:'.padEnd(28 + 64, 'a'),
  'nginx',
  'docker.io/library/nginx:1.27',
  'denied.example/app:1',
  'inactive.example/app:1',
  'nobody.example/app:1',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1',
];
const HOSTS = ['quay.io', 'https://index.docker.io/v1/', 'paths.example', 'denied.example', 'inactive.example'];

export async function seed(call: CallAdmin): Promise<World> {
  const administrators = AGENTS.parse(await call('GET /v1/agents')).items.map(({ id }) => id);
  const registries = await addRegistries(call);
  const spareRegistries = await many(SPARE_REGISTRIES, (index) =>
    idOf(call('POST /v1/registries', registry(`spare-${index}.example`, ['ci']))),
  );
  await call('PUT /v1/policy', { deny: ['denied.example'] });
  await call('PUT /v1/environments/ci/policy', { whitelist: ['quay.io/team'], mode: 'audit' });
  await call('PUT /v1/environments/prod/policy', {
    whitelist: ['quay.io', 'docker.io/library'],
    alwaysAllow: ['registry.k8s.io/pause'],
    exceptions: [{ entry: 'nobody.example', reason: 'until our mirror has it', until: '2099-01-01T00:00:00Z' }],
  });
  const agent = await call('POST /v1/agents', { name: 'host', environments: [STEADY, 'prod'], export: true });
  const viewer = await call('POST /v1/agents', { name: 'viewer', role: 'viewer' });
  await call('POST /v1/agents', {
    name: 'nodes',
    environments: ['prod'],
    principal: 'arn:aws:iam::123456789012:role/node-*',
  });
  const spareAgents = await many(SPARE_AGENTS, (index) =>
    idOf(call('POST /v1/agents', { name: `spare-${index}`, environments: ['ci'] })),
  );
  const shown = await call(`GET /v1/registries/${registries[0] ?? ''}`);
  return {
    registries,
    spareRegistries,
    administrators,
    spareAgents,
    environments: [STEADY, 'prod', 'ci'],
    images: IMAGES,
    hosts: HOSTS,
    versions: [CREDENTIAL.parse(shown['credential']).version],
    tokens: { viewer: textOf(viewer, 'token'), agent: textOf(agent, 'token') },
    secrets: [...CANARIES, KEY_LINE],
  };
}

const account = createServiceAccount();
const KEY_FILE = account.keyFile('https://oauth2.googleapis.com/token');
/** One line of the private key; line breaks are written in several ways. */
const KEY_LINE = (KEY_FILE['private_key'] ?? '').split('\n')[5] ?? '';

async function addRegistries(call: CallAdmin): Promise<readonly string[]> {
  const everywhere = ['*'];
  const ecr = { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01', secretAccessKey: AWS_SECRET };
  const added = [
    registry('quay.io', everywhere),
    registry('quay.io', ['ci', 'prod']),
    registry('quay.io/team/sub', [STEADY]),
    registry('docker.io', everywhere),
    registry('paths.example/one', everywhere),
    registry('paths.example/two', everywhere),
    registry('harbor.example:5000/team', everywhere, { tls: { plainHttp: true }, probe: { repository: 'team/app' } }),
    registry('inactive.example', everywhere),
    registry('123456789012.dkr.ecr.eu-west-1.amazonaws.com', everywhere, { source: ecr }),
    registry('europe-docker.pkg.dev', everywhere, { source: { kind: 'google', key: KEY_FILE } }),
  ];
  const ids: string[] = [];
  for (const body of added) ids.push(await idOf(call('POST /v1/registries', body)));
  await call(`POST /v1/registries/${ids[7] ?? ''}/deactivate`);
  return ids;
}

function registry(
  address: string,
  environments: readonly string[],
  further: Readonly<Record<string, unknown>> = {},
): unknown {
  const source = { kind: 'static', username: 'puller', password: PASSWORD };
  return { address, source, environments, verify: false, ...further };
}

async function many(count: number, make: (index: number) => Promise<string>): Promise<readonly string[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

async function idOf(answer: ReturnType<CallAdmin>): Promise<string> {
  return textOf(await answer, 'id');
}

function textOf(answer: Readonly<Record<string, unknown>>, field: string): string {
  const value = answer[field];
  if (typeof value !== 'string') throw new Error(`an answer without ${field}: ${JSON.stringify(answer)}`);
  return value;
}
