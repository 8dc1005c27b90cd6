/** Whatever a file is, and whatever format somebody says it is in: nothing that is printed of its plan holds a secret of it. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CommandFailure } from '../../../lib/cli/command-failure.ts';
import { planImport } from '../../../lib/cli/import/plan.ts';
import { planDocument, printPlan } from '../../../lib/cli/import/print.ts';
import { readWanted } from '../../../lib/cli/import/read-wanted.ts';
import { printJson } from '../../../lib/cli/print.ts';
import type { Terminal } from '../../../lib/cli/terminal.ts';
import { FILE_FORMATS, type FileFormat } from '../../../lib/formats/import/wanted.ts';

const CANARY = 'canary';

/** Secrets of every look: of a host, of an entry of a list, of a key, of a name, of a token. */
const secret = fc
  .tuple(
    fc.constantFrom(
      '',
      'a,',
      'x,y.example,',
      'ghs_',
      'https://',
      'me:',
      '_',
      '{',
      '"',
      '\n',
      '= ',
      '@',
      '*.',
      'kind: ',
    ),
    fc.constantFrom('', '.example', '.example/team', ':5000', ',quay.io', '@quay.io', '"', '}', '\n', '==', '/v1/'),
  )
  .map(([before, after]) => `${before}${CANARY}${after}`);
const username = fc.constantFrom('me', 'AWS', 'oauth2accesstoken', '_json_key', 'x-access-token', '<token>', '');
const host = fc.constantFrom(
  ...['quay.io', 'https://index.docker.io/v1/', 'gcr.io', 'a.azurecr.io', 'http://h.example/team', 'a.example:5000'],
  ...['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'not an address', '*'],
);

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

const login = fc.oneof(
  fc.tuple(username, secret).map(([name, password]) => ({ auth: encoded(`${name}:${password}`) })),
  fc.record({ username, password: secret }),
  secret.map((text) => ({ username: text, password: text })),
  secret.map((auth) => ({ auth })),
  secret.map((identitytoken) => ({ identitytoken })),
  secret.map((text) => [text]),
  secret,
);
const dockerConfig = fc.oneof(
  fc.record({ auths: fc.dictionary(host, login), credsStore: fc.option(fc.oneof(fc.constant('desktop'), secret)) }),
  fc.record({ auths: fc.dictionary(host, login), credHelpers: fc.dictionary(host, secret) }),
  fc.record({ auths: fc.dictionary(secret, login) }).filter(({ auths }) => !Object.keys(auths).some(isAddressLike)),
  fc.dictionary(host, login),
);
/** A key of logins is an address, and is shown where it is one. */
function isAddressLike(key: string): boolean {
  return /^(?:https?:\/\/|\*\.)?[a-z.]*(?::5000)?(?:\/.*)?$/.test(key);
}

const kubernetes = fc.tuple(dockerConfig, secret).map(([config, other]) => ({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      ...{ kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', metadata: { name: 'pull', namespace: 'shop' } },
      data: { '.dockerconfigjson': encoded(JSON.stringify(config)) },
    },
    { kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': other } },
    { kind: 'Secret', type: 'Opaque', stringData: { password: other } },
  ],
}));
const registriesYaml = fc.tuple(host, username, secret).map(([name, user, password]) => ({
  mirrors: { 'docker.io': { endpoint: [`https://me:${password}@mirror.example`] } },
  configs: {
    [name]: { auth: { username: user, password }, tls: { insecure_skip_verify: true } },
    'b.example': { auth: { identity_token: password } },
    'c.example': { auth: { auth: password } },
    'd.example': password,
  },
}));
const daemonJson = secret.map((text) => ({
  'registry-mirrors': [`https://me:${text}@mirror.example`],
  'insecure-registries': [`me:${text}@a.example`],
  proxies: { 'http-proxy': text },
}));
const ownExport = fc.tuple(username, secret).map(([name, password]) => ({
  pullpass: 1,
  registries: [
    { address: 'quay.io', environments: ['prod'], source: { kind: 'static', username: name || 'me', password } },
    { address: 'gcr.io', environments: ['prod'], source: { kind: 'google', key: { private_key: password } } },
  ],
}));
const document = fc.oneof(dockerConfig, kubernetes, registriesYaml, daemonJson, ownExport);
const toml = fc.tuple(secret, username).map(([text, name]) => {
  const quoted = JSON.stringify(text);
  return [
    `server = "https://quay.io"`,
    `[host."https://quay.io".header]\n Authorization = ["Basic ${encoded(`${name}:${text}`)}"]\n X-Token = ${quoted}`,
    `[host."https://a.example".header]\n Authorization = ${quoted}`,
    `[plugins.registry.auth]\n password = ${quoted}`,
  ].join('\n');
});
const file = fc.oneof(
  document.map((each) => JSON.stringify(each)),
  document.map((each) => JSON.stringify(each, null, 2)),
  document.map((each) => stringify(each)),
  toml,
);

function terminalWith(stdin: string): Terminal & { readonly written: () => string } {
  const [input, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  return {
    ...{ env: {}, stdin: input, stdout, stderr, now: () => 0 },
    written: () => `${String(stdout.read() ?? '')}${String(stderr.read() ?? '')}`,
  };
}

/** All that `pullpass import` prints of it, for people and as data, where nothing is there. */
async function printed(text: string, format: FileFormat | undefined): Promise<string> {
  const terminal = terminalWith(text);
  const env = format === 'pullpass' ? {} : { env: ['prod'] };
  try {
    const wanted = await readWanted('-', { ...env, ...(format === undefined ? {} : { format }) }, terminal);
    const policy = { whitelist: null, deny: [], defaultRegistry: null, mode: null, revision: 1 };
    const policies = new Map([undefined, 'prod'].map((scope) => [scope, policy]));
    const present = { registries: [], policies, agents: [] };
    const plan = planImport(wanted, present, { replaceSecrets: true, allowOverride: false, now: 0 });
    printPlan(plan, terminal);
    printJson(terminal, planDocument(plan));
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return `${terminal.written()}${error.message}${error.advice ?? ''}`;
  }
  return terminal.written();
}

describe('no secret of a file is printed', () => {
  it.each([undefined, ...FILE_FORMATS])('read as %s', { timeout: 60_000 }, async (format) => {
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        const output = await printed(text, format);
        expect(output.length).toBeGreaterThan(10);
        expect(output.toLowerCase()).not.toContain(CANARY);
      }),
      { numRuns: 150 },
    );
  });

  it('and the files of the property are files that are imported', async () => {
    const config = { auths: { 'quay.io': { auth: encoded(`me:${CANARY}`) } } };
    expect(await printed(JSON.stringify(config), undefined)).toContain(
      '+ registry quay.io for prod: static, username me',
    );
  });
});
