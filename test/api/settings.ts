/** How Schemathesis runs: as whom, which operations, which checks, and values of this world that it tries among its own. */
import { stringify } from 'smol-toml';
import type { World } from './world.ts';

export interface Round {
  readonly name: string;
  /** Environment variable that holds the token: it stands in no file and on no command line. */
  readonly tokenVariable: string;
  /** Of paths. Left out: all of them. */
  readonly only?: string;
  readonly except?: string;
  /** Generated requests for each operation; those for examples and limits come on top. */
  readonly examples: number;
  /** By method and path: operations on which this caller gets further than to "not allowed". */
  readonly deep: { readonly names: string; readonly examples: number };
}

const CHECKS = {
  enabled: false,
  // A credential that is not there is an answer; hooks.py looks at which of the two a 503 is.
  not_a_server_error: { enabled: true, 'expected-statuses': ['2xx', '3xx', '4xx', '503'] },
  status_code_conformance: { enabled: true },
  content_type_conformance: { enabled: true },
  response_headers_conformance: { enabled: true },
  response_schema_conformance: { enabled: true },
  // 413 is how a body is refused that breaks a rule by its size.
  negative_data_rejection: {
    enabled: true,
    'expected-statuses': ['400', '401', '403', '404', '405', '412', '413', '5xx'],
  },
  unsupported_method: { enabled: true },
  allow_header_conformance: { enabled: true },
  ignored_auth: { enabled: true },
  no_secret: { enabled: true },
  no_outage: { enabled: true },
};

export function settingsOf(round: Round, world: World, seed: number): string {
  return stringify({
    seed,
    workers: 1,
    'continue-on-failure': true,
    warnings: false,
    'request-timeout': 30,
    headers: { Authorization: `Bearer \${${round.tokenVariable}}` },
    dictionaries: dictionariesOf(world),
    generation: { 'max-examples': round.examples, database: 'none', 'no-shrink': true },
    phases: { stateful: { enabled: false } },
    checks: CHECKS,
    operations: operationsOf(round),
  });
}

const UNKNOWN_REGISTRY = '01k2v9m6q3t8w5x7y0z1a2b3c4';
const UNKNOWN_AGENT = '00000000000000ff';

function dictionariesOf(world: World): Record<string, { values: string[] }> {
  const { registries, spareRegistries, administrators, spareAgents, environments, images, hosts, versions } = world;
  const named = {
    registries: [...registries, UNKNOWN_REGISTRY],
    spare_registries: [...spareRegistries, UNKNOWN_REGISTRY],
    spare_agents: [...spareAgents, ...administrators, UNKNOWN_AGENT],
    environments,
    changing_environments: environments.filter((name) => name !== 'steady'),
    images,
    hosts,
    versions,
    entries: [
      'quay.io',
      'quay.io/team',
      '*.example',
      'docker.io/library',
      'index.docker.io',
      'harbor.example:5000/team',
    ],
    addresses: ['quay.io', 'new.example/team', 'docker.io', '123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'gcr.io'],
    if_match: ['"1"', '"2"', '*', 'W/"1"'],
    names: ['web-1', 'dashboard'],
    repositories: ['team/app', 'library/nginx'],
    hosts_alone: ['auth.example', 'auth.example:8443'],
    emails: ['ops@example.org'],
  };
  return Object.fromEntries(Object.entries(named).map(([name, values]) => [name, { values: [...values] }]));
}

interface Binding {
  dictionary: string;
  probability: number;
}

const mostly = (dictionary: string): Binding => ({ dictionary, probability: 0.8 });
const often = (dictionary: string): Binding => ({ dictionary, probability: 0.5 });

function operationsOf({ only, except, deep }: Round): Record<string, unknown>[] {
  const everywhere = {
    'path.environment': mostly('environments'),
    'query.environment': often('environments'),
    'query.address': often('addresses'),
    'query.subject': often('registries'),
    'header.if-match': often('if_match'),
    'body.image': mostly('images'),
    'body.registryId': mostly('registries'),
    'body.version': often('versions'),
    'body.environments[*]': mostly('environments'),
    'body.address': mostly('addresses'),
    'body.source.username': mostly('names'),
    'body.probe.repository': mostly('repositories'),
    'body.trustedRealms[*]': mostly('hosts_alone'),
    'body.email': mostly('emails'),
    'body.name': often('names'),
    'body.environment': mostly('environments'),
    'body.images[*]': mostly('images'),
    'body.hosts[*]': mostly('hosts'),
    'body.whitelist[*]': mostly('entries'),
    'body.deny[*]': mostly('entries'),
    'body.alwaysAllow[*]': mostly('entries'),
    'body.defaultRegistry': often('addresses'),
    'body.registries[*].id': mostly('spare_registries'),
  };
  const registry = { 'path.id': mostly('registries') };
  return [
    ...(only === undefined ? [] : [{ 'exclude-path-regex': only, enabled: false }]),
    ...(except === undefined ? [] : [{ 'include-path-regex': except, enabled: false }]),
    { 'include-name-regex': deep.names, generation: { 'max-examples': deep.examples } },
    { 'include-path-regex': '.*', parameters: everywhere },
    { 'include-path-regex': '^/v1/registries/\\{id\\}', parameters: { ...everywhere, ...registry } },
    {
      'include-name-regex': '^DELETE /v1/registries/\\{id\\}$',
      parameters: { 'path.id': mostly('spare_registries'), 'header.if-match': often('if_match') },
    },
    { 'include-path-regex': '^/v1/agents/', parameters: { 'path.id': mostly('spare_agents') } },
    {
      'include-path-regex': '^/v1/.*policy$',
      parameters: { ...everywhere, 'path.environment': mostly('changing_environments') },
    },
  ];
}
