/** Bodies that routes take, by route and then by a name for the case: shown to readers, and where generated tests start. */
import { routeKey } from './answers.ts';

type Examples = Readonly<Record<string, unknown>>;

const IMAGE: Examples = { image: { image: 'quay.io/team/app:1' } };

const POLICY: Examples = {
  allow_some: { whitelist: ['quay.io/team', '*.dkr.ecr.eu-west-1.amazonaws.com'], deny: ['quay.io/team/old'] },
  try_out: { whitelist: 'quay.io/team,docker.io/library', mode: 'audit' },
  no_restriction: { whitelist: null },
};

const EXAMPLES: Readonly<Record<string, Examples>> = {
  'POST /v1/environments/{environment}/resolve': IMAGE,
  'POST /v1/environments/{environment}/explain': IMAGE,
  'POST /v1/environments/{environment}/docker-credential': {
    host: 'quay.io',
    docker_hub: 'https://index.docker.io/v1/',
  },
  'POST /v1/environments/{environment}/rejections': {
    rejected: { registryId: '01k2v9m6q3t8w5x7y0z1a2b3c4', version: '0c7d5f0e-6a55-4a0e-9f0b-3a4b3c1f9f43' },
  },
  'POST /v1/registries': {
    password: {
      address: 'harbor.example:5000/team',
      source: { kind: 'static', username: 'robot$pullpass', password: 'the-secret' },
      environments: ['prod'],
      probe: { repository: 'team/app' },
    },
    unverified: {
      address: 'quay.io',
      source: { kind: 'static', username: 'team+puller', password: 'the-secret' },
      environments: ['prod', 'ci'],
      verify: false,
    },
    ecr: {
      address: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
      source: { kind: 'ecr', roleArn: 'arn:aws:iam::123456789012:role/pullpass' },
      environments: ['*'],
    },
  },
  'PATCH /v1/registries/{id}': {
    environments: { environments: ['prod', 'ci'] },
    new_password: { source: { password: 'the-new-secret' } },
  },
  'POST /v1/registries/bulk': {
    deactivate: {
      action: 'deactivate',
      registries: [{ id: '01k2v9m6q3t8w5x7y0z1a2b3c4', revision: 2 }, { id: '01k1z8t4n2r6v0w3x5y7z9a1b2' }],
    },
  },
  'PUT /v1/policy': POLICY,
  'PUT /v1/environments/{environment}/policy': POLICY,
  'POST /v1/policy/test': {
    present: { images: ['nginx:1', 'quay.io/team/app:1'], environment: 'prod' },
    proposed: {
      images: ['nginx:1'],
      hosts: ['quay.io'],
      environment: 'prod',
      proposed: { environment: { whitelist: ['quay.io/team'] } },
    },
  },
  'POST /v1/agents': {
    host: { name: 'web-1', environments: ['prod'] },
    viewer: { name: 'dashboard', role: 'viewer' },
    aws_role: { name: 'nodes', environments: ['prod'], principal: 'arn:aws:iam::123456789012:role/node-*' },
  },
};

export function requestExamplesOf(route: { readonly method: string; readonly path: string }): Examples {
  return EXAMPLES[routeKey(route)] ?? {};
}
