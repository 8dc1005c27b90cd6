/** Where a secret may go, asked over HTTP: what administrators can make Pullpass send, and to whom. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { Secret } from '../../lib/domain/secret.ts';
import { startAwsWireServer, type AwsWireServer } from '../support/aws-wire-server.ts';
import {
  createServiceAccount,
  startGoogleTokenServer,
  type GoogleTokenServer,
} from '../support/google-token-server.ts';
import { canonicalAddress, HOUR, registryFixture, type NewRegistry } from '../support/registry-fixture.ts';
import { startPullpass, type Answer, type RunningPullpass } from '../support/running-pullpass.ts';
import { startTokenTrap, type TokenTrap } from '../support/token-trap.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const GOOGLE = 'europe-docker.pkg.dev';
const OWN = { accessKeyId: 'AKIAOWNIDENTITY00000', secretAccessKey: 'canary-own-secret' };
const KEY = { accessKeyId: 'AKIAGIVENTOREGISTRY0', secretAccessKey: 'canary-given-secret' };
const ROLE = { roleArn: 'arn:aws:iam::123456789012:role/pullpass-pull' };
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const account = createServiceAccount();

let aws: AwsWireServer;
let google: GoogleTokenServer;
let trap: TokenTrap;
let named: TokenTrap;
let pullpass: RunningPullpass;

beforeEach(async () => {
  aws = await startAwsWireServer({
    accessKeys: { [OWN.accessKeyId]: OWN.secretAccessKey, [KEY.accessKeyId]: KEY.secretAccessKey },
  });
  google = await startGoogleTokenServer({ accounts: [account] });
  trap = await startTokenTrap();
  named = await startTokenTrap({ cert: certificate('server.pem'), key: certificate('server.key') });
  pullpass = await startPullpass({
    sources: {
      ecr: { endpoint: aws.endpoint, credentials: OWN },
      google: { trustedTokenUris: [google.tokenUri] },
    },
    ecrUpstreamHosts: [named.address],
  });
});

afterEach(async () => {
  await Promise.all([aws.close(), google.close(), trap.close(), named.close(), pullpass.close()]);
});

function certificate(name: string): string {
  return readFileSync(new URL(`../support/certificates/${name}`, import.meta.url), 'utf8');
}

const problem = z.looseObject({ errors: z.optional(z.array(z.looseObject({ field: z.string() }))) });

/** The field that is named by a 400; else the status. */
function outcome({ status, body }: Answer): number | string | undefined {
  return status === 400 ? problem.parse(body).errors?.[0]?.field : status;
}

async function add(body: Record<string, unknown>): Promise<Answer> {
  return await pullpass.call('POST /v1/registries', { environments: ['prod'], ...body });
}

async function added(body: Record<string, unknown>): Promise<string> {
  const answer = await add(body);
  expect(answer.status, answer.text).toBe(201);
  return z.looseObject({ id: z.string() }).parse(answer.body).id;
}

function expectNothingSent(): void {
  expect(aws.requests).toEqual([]);
  expect(trap.connections()).toBe(0);
  expect(trap.logins).toEqual([]);
}

describe("a token of Pullpass's own AWS identity", () => {
  it.each([
    ['over plain HTTP', { tls: { plainHttp: true } }, {}],
    ['over plain HTTP, unverified', { tls: { plainHttp: true }, verify: false }, {}],
    ['through a role', { tls: { plainHttp: true } }, ROLE],
    ['over unverified TLS', { tls: { skipVerify: true } }, {}],
    ['over TLS', {}, {}],
  ])('is not minted for a server of an administrator’s choice, %s', async (_name, way, source) => {
    const refused = await add({ address: trap.address, source: { kind: 'ecr', upstream: ECR, ...source }, ...way });
    expect(outcome(refused)).toBe('source.upstream');
    expect(refused.text).toContain('serve --ecr-upstream-host');
    expectNothingSent();
  });

  it('is not had by turning a typed password at that server into an ECR registry', async () => {
    const source = { kind: 'static', username: 'bob', password: 'typed-by-an-administrator' };
    const id = await added({ address: trap.address, source, tls: { plainHttp: true }, verify: false });
    const turned = await pullpass.call(`PATCH /v1/registries/${id}`, {
      source: { kind: 'ecr', upstream: ECR },
      verify: false,
    });
    expect(outcome(turned)).toBe('source.upstream');
    expectNothingSent();
  });

  it('is not had by taking the access key away', async () => {
    const source = { kind: 'ecr', upstream: ECR, ...KEY };
    const id = await added({ address: trap.address, source, tls: { plainHttp: true }, verify: false });
    const [before, logins] = [aws.requests.length, trap.logins.length];
    const taken = await pullpass.call(`PATCH /v1/registries/${id}`, { source: { accessKeyId: null } });
    expect(outcome(taken)).toBe('source.upstream');
    expect([aws.requests.length, trap.logins.length]).toEqual([before, logins]);
  });

  it.each([
    ['plain HTTP', { tls: { plainHttp: true } }, 'tls.plainHttp'],
    ['unverified TLS', { tls: { skipVerify: true } }, 'tls.skipVerify'],
    ['another token host', { trustedRealms: ['evil.example'] }, 'trustedRealms'],
    ['all of it', { tls: { plainHttp: true }, trustedRealms: ['evil.example'], verify: false }, 'tls.plainHttp'],
    ['a custom CA', { tls: { ca: certificate('ca.pem') } }, 'tls.ca'],
  ])('is not sent to ECR by way of %s after an edit', async (_name, edit, field) => {
    const id = await added({ address: ECR, source: { kind: 'ecr' }, verify: false });
    expect(outcome(await pullpass.call(`PATCH /v1/registries/${id}`, { verify: false, ...edit }))).toBe(field);
    const { body } = await pullpass.call(`GET /v1/registries/${id}`);
    expect(body).toMatchObject({ tls: {}, trustedRealms: [] });
  });

  it('goes to a host that was named where Pullpass runs, over TLS by a CA of its own', async () => {
    const source = { kind: 'ecr', upstream: ECR };
    await added({ address: named.address, source, tls: { ca: certificate('ca.pem') } });
    expect(named.logins.at(-1)).toBe(`AWS:${aws.secrets.at(-1) ?? ''}`);
    const plain = await add({ address: named.address, source, tls: { plainHttp: true } });
    expect(outcome(plain)).toBe('tls.plainHttp');
  });
});

describe('a registry that an earlier version stored, for a server of an administrator’s choice', () => {
  const secret = 'token-of-own-identity';
  const image = (): string => `${trap.address}/app:1`;
  let id: string;

  async function store(fields: Partial<NewRegistry> = {}): Promise<void> {
    const now = Date.now();
    id = '01k2v9m6q3t8w5x7y0z1a2b3c4';
    const issued = { username: 'AWS', issuedAt: now - 7 * HOUR, expiresAt: now + 5 * HOUR, version: 'version-1' };
    const { username, issuedAt, expiresAt, version } = issued;
    await pullpass.store.vault.putIssued(id, { ...issued, password: new Secret(secret) });
    await pullpass.store.catalogue.addRegistry(
      registryFixture({
        ...{ id, address: canonicalAddress(trap.address), source: { kind: 'ecr', upstream: ECR } },
        tls: { plainHttp: true },
        credential: { current: { version, username, issuedAt, expiresAt }, dueAt: now - 1, consecutiveFailures: 0 },
        ...fields,
      }),
      { type: 'change', at: now, actor: 'test', action: 'registry.add', subject: id },
    );
    await pullpass.store.vault.settle(id, { issuedVersion: version });
  }

  it('is not minted for and not logged in at, and says why', async () => {
    await store();
    await pullpass.refresh();
    const { body } = await pullpass.call(`GET /v1/registries/${id}`);
    expect(body).toMatchObject({ credential: { state: 'stale', lastError: { code: 'destination_refused' } } });
    const asked = await pullpass.call(`POST /v1/registries/${id}/refresh`);
    expect(asked.body).toMatchObject({ status: 422, code: 'mint_failed', reason: 'destination_refused' });
    expect(asked.text).toContain('serve --ecr-upstream-host');
    const verified = await pullpass.call(`POST /v1/registries/${id}/verify`);
    expect(verified.body).toMatchObject({ status: 403, code: 'credential_withheld', registryId: id });
    expect(await pullpass.reverifyIn(48 * HOUR)).toMatchObject({ verified: 0, skipped: 1 });
    expectNothingSent();
  });

  it('gets no share of the mint of a registry that may have one', async () => {
    await store();
    const good = '01k2v9m6q3t8w5x7y0z1a2b3c5';
    const due = { dueAt: Date.now() - 1, consecutiveFailures: 0 };
    const fields = { id: good, address: canonicalAddress(ECR), credential: due };
    const change = { type: 'change', at: 0, actor: 'test', action: 'registry.add', subject: good } as const;
    await pullpass.store.catalogue.addRegistry(registryFixture(fields), change);
    await pullpass.refresh();
    expect(trap.connections()).toBe(0);
    expect(await pullpass.store.vault.getIssued(id, 'version-1')).toBeDefined();
    const refused = await pullpass.store.catalogue.getRegistry(id);
    const minted = await pullpass.store.catalogue.getRegistry(good);
    expect(refused?.credential).toMatchObject({ current: { version: 'version-1' }, consecutiveFailures: 1 });
    expect(minted?.credential).toMatchObject({ current: { username: 'AWS' }, consecutiveFailures: 0 });
  });

  it('is answered to hosts with a refusal, which makes them forget what they were given before', async () => {
    await store();
    const token = await pullpass.createAgent({ environments: ['prod'], export: true });
    const hosts = '/v1/environments/prod';
    const resolved = await pullpass.call(`POST ${hosts}/resolve`, { image: image() }, { token });
    expect(resolved.body).toMatchObject({ status: 403, code: 'credential_withheld' });
    const helper = await pullpass.call(`POST ${hosts}/docker-credential`, trap.address, { token });
    expect(helper.status).toBe(403);
    const exported = await pullpass.call(`GET ${hosts}/docker-config`, undefined, { token });
    expect(exported.body).toEqual({ auths: {} });
    for (const { text } of [resolved, helper, exported]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(`AWS:${secret}`).toString('base64'));
    }
    const explained = await pullpass.call(`POST ${hosts}/explain`, { image: image() });
    expect(explained.body).toMatchObject({ outcome: 'unavailable' });
  });

  it('is mended by an access key', async () => {
    await store();
    const mended = await pullpass.call(`PATCH /v1/registries/${id}`, { source: KEY });
    expect(mended.status, mended.text).toBe(200);
    expect(trap.logins).toEqual([`AWS:${aws.secrets.at(-1) ?? ''}`]);
    expect(aws.requests.map(({ accessKeyId }) => accessKeyId)).toEqual([KEY.accessKeyId]);
  });
});

/** What is there, and the secret that an edit would give again: none for a token of Pullpass's own identity. */
interface Stored {
  readonly address: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, unknown>>;
}

const ELSEWHERE = 'docker.corp.example';
const { secretAccessKey } = KEY;
const keyFile = () => ({ key: account.keyFile(google.tokenUri) });

const STORED = {
  'a typed password': () => typed(ELSEWHERE),
  'a typed password at Google': () => typed(GOOGLE),
  'the own identity at ECR': () => ({ address: ECR, source: { kind: 'ecr' }, secret: {} }),
  'an access key at ECR': () => ({ address: ECR, source: { kind: 'ecr', ...KEY }, secret: { secretAccessKey } }),
  'an access key before ECR': () => ({
    address: ELSEWHERE,
    source: { kind: 'ecr', upstream: ECR, ...KEY },
    secret: { secretAccessKey },
  }),
  'a key file at Google': () => ({ address: GOOGLE, source: { kind: 'google', ...keyFile() }, secret: keyFile() }),
  'a key file before Google': () => ({
    address: ELSEWHERE,
    source: { kind: 'google', upstream: GOOGLE, ...keyFile() },
    secret: keyFile(),
  }),
} satisfies Record<string, () => Stored>;

function typed(address: string): Stored {
  const secret = { password: 'typed-by-an-administrator' };
  return { address, source: { kind: 'static', username: 'bob', ...secret }, secret };
}

const CA = { tls: { ca: certificate('ca.pem') } };
const PLAIN = { tls: { plainHttp: true } };
const SKIP = { tls: { skipVerify: true } };
const REALM = { trustedRealms: ['auth.example'] };
const PROBE = { probe: { repository: 'team/app' } };
const source = (fields: Record<string, unknown>) => ({ source: fields });

/** `again`: needs the secret again. Anything else but `allowed` is the field by which it is refused, with the secret or without. */
type Wanted =
  'allowed' | 'again' | 'tls.plainHttp' | 'tls.skipVerify' | 'tls.ca' | 'trustedRealms' | `source.${string}`;

const ROWS: readonly (readonly [keyof typeof STORED, string, Record<string, unknown>, Wanted])[] = [
  ['a typed password', 'another user name', source({ username: 'eve' }), 'again'],
  ['a typed password', 'plain HTTP', PLAIN, 'again'],
  ['a typed password', 'no verification', SKIP, 'again'],
  ['a typed password', 'a custom CA', CA, 'again'],
  ['a typed password', 'a token host', REALM, 'again'],
  ['a typed password', 'a probe', PROBE, 'allowed'],
  ['a typed password', 'more environments', { environments: ['*'] }, 'allowed'],
  ['a typed password', 'ECR behind it', source({ kind: 'ecr', upstream: ECR }), 'source.upstream'],
  ['a typed password', 'Google behind it', source({ kind: 'google', upstream: GOOGLE }), 'source.key'],
  ['a typed password at Google', 'a custom CA', CA, 'again'],
  ['a typed password at Google', 'plain HTTP', PLAIN, 'tls.plainHttp'],
  ['a typed password at Google', 'no verification', SKIP, 'tls.skipVerify'],
  ['a typed password at Google', 'a token host', REALM, 'trustedRealms'],
  ['the own identity at ECR', 'plain HTTP', PLAIN, 'tls.plainHttp'],
  ['the own identity at ECR', 'no verification', SKIP, 'tls.skipVerify'],
  ['the own identity at ECR', 'a custom CA', CA, 'tls.ca'],
  ['the own identity at ECR', 'a token host', REALM, 'trustedRealms'],
  ['the own identity at ECR', 'an upstream', source({ upstream: ECR }), 'source.upstream'],
  ['the own identity at ECR', 'a role', source(ROLE), 'allowed'],
  ['the own identity at ECR', 'a user name', source({ kind: 'static', username: 'bob' }), 'source.password'],
  ['an access key at ECR', 'no access key', source({ accessKeyId: null }), 'allowed'],
  ['an access key at ECR', 'another access key', source({ accessKeyId: 'AKIAANOTHERKEY000000' }), 'again'],
  ['an access key at ECR', 'a role', source(ROLE), 'again'],
  ['an access key at ECR', 'a custom CA', CA, 'tls.ca'],
  ['an access key at ECR', 'plain HTTP', PLAIN, 'tls.plainHttp'],
  ['an access key at ECR', 'no verification', SKIP, 'tls.skipVerify'],
  ['an access key at ECR', 'a token host', REALM, 'trustedRealms'],
  ['an access key before ECR', 'no access key', source({ accessKeyId: null }), 'source.upstream'],
  ['an access key before ECR', 'another upstream', source({ upstream: 'public.ecr.aws' }), 'again'],
  ['an access key before ECR', 'plain HTTP', PLAIN, 'again'],
  ['an access key before ECR', 'a token host', REALM, 'again'],
  ['an access key before ECR', 'a probe', PROBE, 'allowed'],
  ['a key file at Google', 'a scope that writes', source({ scopes: [CLOUD_PLATFORM] }), 'again'],
  ['a key file at Google', 'an upstream', source({ upstream: GOOGLE }), 'source.upstream'],
  ['a key file at Google', 'a custom CA', CA, 'again'],
  ['a key file at Google', 'plain HTTP', PLAIN, 'tls.plainHttp'],
  ['a key file at Google', 'no verification', SKIP, 'tls.skipVerify'],
  ['a key file at Google', 'a token host', REALM, 'trustedRealms'],
  ['a key file before Google', 'another upstream', source({ upstream: 'gcr.io' }), 'again'],
  ['a key file before Google', 'plain HTTP', PLAIN, 'again'],
  ['a key file before Google', 'no verification', SKIP, 'again'],
  ['a key file before Google', 'a custom CA', CA, 'again'],
  ['a key file before Google', 'a token host', REALM, 'again'],
  ['a key file before Google', 'a probe', PROBE, 'allowed'],
];

describe('an edit, where the registry has', () => {
  it.each(ROWS)('%s, that wants %s', async (name, _what, edit, wanted) => {
    const { secret, ...stored } = STORED[name]();
    const id = await added({ ...stored, verify: false });
    const edited = async (fields: Record<string, unknown>): Promise<number | string | undefined> =>
      outcome(await pullpass.call(`PATCH /v1/registries/${id}`, { verify: false, ...edit, ...fields }));
    const withSecret = { source: { ...z.parse(z.looseObject({}), edit['source'] ?? {}), ...secret } };

    const without = await edited({});
    if (wanted === 'allowed') {
      expect(without).toBe(200);
    } else if (wanted === 'again') {
      expect(without).toMatch(/^source(?:\.(?:password|key|secretAccessKey))?$/);
      expect(await edited(withSecret)).toBe(200);
    } else if (wanted.startsWith('source.')) {
      expect(without).toBe(wanted);
    } else {
      expect(without).toBe(Object.keys(secret).length === 0 ? wanted : 'source');
      expect(await edited(withSecret)).toBe(wanted);
    }
  });
});
