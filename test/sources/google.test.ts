import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { googleSource } from '../../lib/sources/google.ts';
import type { SourceKind } from '../../lib/sources/source-kind.ts';
import {
  createServiceAccount,
  GOOGLE_TEXT,
  startGoogleTokenServer,
  type GoogleTokenServer,
  type TokenFault,
} from '../support/google-token-server.ts';
import { accept, accepted, address, expectNothingShown, mint, minted, mintFailure, refusal } from './source-calls.ts';

const at = 'europe-docker.pkg.dev/project/images';
const READ_ONLY = 'https://www.googleapis.com/auth/cloud-platform.read-only';
const account = createServiceAccount();
const stranger = createServiceAccount('stranger');
let server: GoogleTokenServer;
let source: SourceKind;

beforeAll(async () => {
  server = await startGoogleTokenServer({ accounts: [account] });
  source = googleSource({ trustedTokenUris: [server.tokenUri] });
});
afterEach(() => {
  server.always(undefined);
});
afterAll(async () => {
  await server.close();
});

function input(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { kind: 'google', key: account.keyFile(server.tokenUri), ...fields };
}

function keyWith(fields: Record<string, unknown>): Record<string, unknown> {
  return input({ key: { ...account.keyFile(server.tokenUri), ...fields } });
}

describe('minting from a service account key', () => {
  it("gets an access token from the key's own token endpoint, which verified signature, audience, scopes and times", async () => {
    const before = Date.now();
    const credential = await minted(source, { at, source: accepted(source, { at, input: input() }) });
    expect(credential.username).toBe('oauth2accesstoken');
    expect(credential.password.reveal()).toBe(server.secrets.at(-1));
    expect(server.grants.at(-1)).toEqual({ clientEmail: account.clientEmail, scope: READ_ONLY });
    expect(credential.expiresAt).toBeGreaterThan(before + 3_500_000);
    expect(credential.expiresAt).toBeLessThanOrEqual(Date.now() + 3_599_000);
  });

  it('never counts a lifetime from later than it was asked for', async () => {
    // The clock moves by a minute between question and answer.
    const times = [0, 60_000].map((elapsed) => Date.now() + elapsed);
    const slow = googleSource({ trustedTokenUris: [server.tokenUri], now: () => times.shift() ?? 0 });
    const credential = await minted(slow, { at, source: accepted(slow, { at, input: input() }) });
    expect(credential.expiresAt).toBeLessThanOrEqual(Date.now() + 3_599_000 - 60_000);
  });

  it('asks for the scopes that were chosen', async () => {
    const scopes = ['https://www.googleapis.com/auth/devstorage.read_only', READ_ONLY];
    await minted(source, { at, source: accepted(source, { at, input: input({ scopes }) }) });
    expect(server.grants.at(-1)?.scope).toBe(scopes.join(' '));
  });

  it('takes the key as JSON text, too', async () => {
    const key = JSON.stringify(account.keyFile(server.tokenUri), null, 2);
    const kept = accepted(source, { at, input: input({ key }) });
    expect((await minted(source, { at, source: kept })).username).toBe('oauth2accesstoken');
  });

  it('tries once more after a broken connection, and no more often', async () => {
    const kept = accepted(source, { at, input: input() });
    const before = server.attempts();
    server.script({ kind: 'drop' });
    expect((await mint(source, { at, source: kept })).ok).toBe(true);
    expect(server.attempts() - before).toBe(2);
    server.always({ kind: 'error', status: 503, error: 'backend_error' });
    await mint(source, { at, source: kept });
    expect(server.attempts() - before).toBe(4);
  });

  it.each<[string, TokenFault, string]>([
    ['a deleted key', { kind: 'error', status: 400, error: 'invalid_grant' }, 'bad_secret'],
    ['an unknown account', { kind: 'error', status: 401, error: 'invalid_client' }, 'bad_secret'],
    ['an account without rights', { kind: 'error', status: 401, error: 'unauthorized_client' }, 'bad_secret'],
    ['a refusal', { kind: 'error', status: 403, error: 'access_denied' }, 'denied'],
    ['a refusal of another name', { kind: 'error', status: 403, error: 'rejected' }, 'denied'],
    ['a refused scope', { kind: 'error', status: 400, error: 'invalid_scope' }, 'denied'],
    ['throttling', { kind: 'error', status: 429, error: 'rate_limit_exceeded' }, 'throttled'],
    ['an outage', { kind: 'error', status: 500, error: 'internal_failure' }, 'unavailable'],
    ['a dropped connection', { kind: 'drop' }, 'unreachable'],
    ['an empty body', { kind: 'answer', body: '' }, 'bad_answer'],
    ['null', { kind: 'answer', body: 'null' }, 'bad_answer'],
    ['an empty token', { kind: 'answer', body: '{"access_token":"","expires_in":3599}' }, 'bad_answer'],
    ['a token that is no text', { kind: 'answer', body: '{"access_token":{"a":1},"expires_in":3599}' }, 'bad_answer'],
    ['a token with a line break', { kind: 'answer', body: '{"access_token":"a\\nb","expires_in":3599}' }, 'bad_answer'],
    ['a token without a lifetime', { kind: 'answer', body: '{"access_token":"ya29.x"}' }, 'bad_answer'],
    ['a token that has run out', { kind: 'answer', body: '{"access_token":"ya29.x","expires_in":0}' }, 'bad_answer'],
    ['an unreadable lifetime', { kind: 'answer', body: '{"access_token":"ya29.x","expires_in":"soon"}' }, 'bad_answer'],
    [
      'an oversize answer',
      { kind: 'answer', body: `{"access_token":"ya29.x","expires_in":9,"x":"${'x'.repeat(70_000)}"}` },
      'bad_answer',
    ],
    ['a page of a proxy', { kind: 'answer', body: '<html>ya29.canary</html>' }, 'bad_answer'],
  ])('calls %s by its name, and tells nothing of it', async (_name, fault, code) => {
    server.always(fault);
    const kept = accepted(source, { at, input: input() });
    const failed = await mintFailure(source, { at, source: kept });
    expect(failed.code).toBe(code);
    expectNothingShown(failed, [...server.secrets, GOOGLE_TEXT, 'ya29', account.clientEmail]);
  });

  it('passes on how long to wait', async () => {
    server.always({ kind: 'error', status: 429, error: 'rate_limit_exceeded', headers: { 'retry-after': '42' } });
    const failed = await mintFailure(source, { at, source: accepted(source, { at, input: input() }) });
    expect(failed.retryAfterSeconds).toBe(42);
  });

  it('calls a key that the endpoint does not know bad_secret', async () => {
    const kept = accepted(source, { at, input: input({ key: stranger.keyFile(server.tokenUri) }) });
    expect((await mintFailure(source, { at, source: kept })).code).toBe('bad_secret');
  });

  it('ends with timeout when the caller gives up, at once or while it hangs', async () => {
    server.always({ kind: 'hang' });
    const kept = accepted(source, { at, input: input() });
    const giveUp = new AbortController();
    const before = server.attempts();
    const waiting = mintFailure(source, { at, source: kept, signal: giveUp.signal });
    await expect.poll(() => server.attempts()).toBe(before + 1);
    giveUp.abort();
    expect((await waiting).code).toBe('timeout');
    expect((await mintFailure(source, { at, source: kept, signal: AbortSignal.abort() })).code).toBe('timeout');
    expect(server.attempts()).toBe(before + 1);
  });

  it('ends with timeout when an attempt hangs', async () => {
    const impatient = googleSource({ trustedTokenUris: [server.tokenUri], attemptTimeoutMilliseconds: 50 });
    server.always({ kind: 'hang' });
    const kept = accepted(impatient, { at, input: input() });
    expect((await mintFailure(impatient, { at, source: kept })).code).toBe('timeout');
  });

  it('calls an endpoint that is not there unreachable', async () => {
    const closed = await startGoogleTokenServer({ accounts: [] });
    await closed.close();
    const lost = googleSource({ trustedTokenUris: [closed.tokenUri] });
    const kept = accepted(lost, { at, input: input({ key: account.keyFile(closed.tokenUri) }) });
    expect((await mintFailure(lost, { at, source: kept })).code).toBe('unreachable');
  });

  it('does not carry the assertion on to where a redirect points', async () => {
    let reached = 0;
    const elsewhere = createServer((_request, response) => {
      reached += 1;
      response.end('{"access_token":"ya29.x","expires_in":3599}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const bound = elsewhere.address();
    const port = typeof bound === 'object' ? bound?.port : undefined;
    server.always({ kind: 'redirect', location: `http://127.0.0.1:${String(port)}/token` });
    const failed = await mintFailure(source, { at, source: accepted(source, { at, input: input() }) });
    await new Promise((resolve) => elsewhere.close(resolve));
    expect(failed.code).toBe('bad_answer');
    expect(reached).toBe(0);
  });

  it('sends a stored key to no endpoint that is not trusted any more', async () => {
    const kept = accepted(source, { at, input: input() });
    const before = server.attempts();
    expect((await mintFailure(googleSource(), { at, source: kept })).code).toBe('bad_secret');
    expect(server.attempts()).toBe(before);
  });

  it.each([undefined, new Secret('canary'), new Secret('{"privateKey":"canary"}')])(
    'answers bad_secret when the vault holds something else',
    async (secret) => {
      const { settings } = accepted(source, { at, input: input() });
      const kept = secret === undefined ? { settings } : { settings, secret };
      expect((await mintFailure(source, { at, source: kept })).code).toBe('bad_secret');
    },
  );
});

describe('accepting a service account key', () => {
  it('keeps what may be shown, and the key only in the secret', async () => {
    const kept = accepted(source, { at, input: input() });
    const { private_key: privateKey = '' } = account.keyFile(server.tokenUri);
    expect(kept.settings).toMatchObject({
      kind: 'google',
      clientEmail: account.clientEmail,
      projectId: 'test-project',
      tokenUri: server.tokenUri,
      scopes: [READ_ONLY],
    });
    const lines = privateKey.split('\n').filter((line) => line.length > 30 && !line.startsWith('---'));
    expectNothingShown([kept, await mint(source, { at, source: kept })], [...lines, ...server.secrets]);
    expect(kept.secret?.reveal()).toContain('PRIVATE KEY');
  });

  it("takes a key that names Google's own endpoints without being told to trust them", () => {
    for (const tokenUri of ['https://oauth2.googleapis.com/token', 'https://accounts.google.com/o/oauth2/token']) {
      expect(accept(googleSource(), { at, input: { kind: 'google', key: account.keyFile(tokenUri) } }).ok).toBe(true);
    }
  });

  it.each([
    'http://oauth2.googleapis.com/token',
    'https://oauth2.googleapis.com.evil.example/token',
    'https://evilgoogleapis.com/token',
    'https://googleapis.com@evil.example/token',
    'https://oauth2.googleapis.com:8443/token',
    'https://oauth2.googleapis.com/token?x=1',
    'https://evil.example/oauth2.googleapis.com/token',
    'https://evil.example\\.googleapis.com/token',
    'https://evil.example#.googleapis.com/token',
    'http://127.0.0.1:1/token',
    '',
  ])('refuses a key that names the token endpoint %j', (tokenUri) => {
    const refused = refusal(source, { at, input: keyWith({ token_uri: tokenUri }) });
    expect(refused.field).toBe('source.key.token_uri');
  });

  it.each([
    ['no key', { key: undefined }, 'source.key'],
    ['a key that is a number', { key: 1 }, 'source.key'],
    ['text that is no JSON', { key: 'canary' }, 'source.key'],
    ['JSON that is no object', { key: '"canary"' }, 'source.key'],
    ['an empty list of scopes', { scopes: [] }, 'source.scopes'],
    ['a scope that says more than pulling', { scopes: ['https://www.googleapis.com/auth/drive'] }, 'source.scopes[0]'],
    ['an unknown field', { keys: 'canary' }, 'source.keys'],
  ])('refuses %s', (_name, fields, field) => {
    const refused = refusal(source, { at, input: input(fields) });
    expect(refused.field).toBe(field);
    expectNothingShown(refused, ['canary']);
  });

  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const locked = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    ...{ type: 'pkcs8', format: 'pem' },
    ...{ cipher: 'aes-256-cbc', passphrase: 'x' },
  });
  const { private_key: good = '' } = account.keyFile('');
  it.each([
    ['type', 'authorized_user'],
    ['type', 'external_account'],
    ['client_email', 'puller@evil.example'],
    ['client_email', undefined],
    ['private_key_id', ''],
    ['private_key', 'canary'],
    ['private_key', good.replaceAll('\n', '\\n')],
    ['private_key', createPublicKey(good === '' ? ec : good).export({ type: 'spki', format: 'pem' })],
    ['private_key', ec],
    ['private_key', short],
    ['private_key', locked],
    ['private_key', `${good}${'\n'.repeat(16_384)}`],
  ])('refuses a key file whose %s is not right', (field, value) => {
    const refused = refusal(source, { at, input: keyWith({ [field]: value }) });
    expect(refused.field).toBe(`source.key.${field}`);
    expectNothingShown(refused, ['canary', 'MII']);
  });

  it.each([
    'quay.io',
    'gcr.io.evil.example',
    'evil-gcr.io',
    'docker.pkg.dev.evil.example',
    'npm.pkg.dev',
    'gcr.io:8443',
  ])('refuses a key for %s, which is not Google and names no upstream', (host) => {
    expect(refusal(source, { at: host, input: input() }).field).toBe('source.upstream');
  });

  it.each(['gcr.io', 'eu.gcr.io/project', 'docker.europe-west1.rep.pkg.dev'])('takes a key for %s', (host) => {
    expect(accept(source, { at: host, input: input() }).ok).toBe(true);
  });
});

describe('Google behind a name of your own', () => {
  const upstream = 'europe-docker.pkg.dev';

  it.each(['docker.corp.example', 'docker.corp.example:5000/team', '192.0.2.7:8443'])(
    'takes a key for %s with an upstream, and mints as for the upstream itself',
    async (host) => {
      const kept = accepted(source, { at: host, input: input({ upstream }) });
      expect(kept.settings).toMatchObject({ upstream, clientEmail: account.clientEmail });
      expect((await minted(source, { at: host, source: kept })).username).toBe('oauth2accesstoken');
    },
  );

  it.each([
    ['that is none of Google', 'quay.io'],
    ['that looks like Google', 'gcr.io.evil.example'],
    ['with a port', 'gcr.io:443'],
    ['with a path', 'gcr.io/project'],
    ['in upper case', 'GCR.io'],
  ])('refuses an upstream %s', (_name, wrong) => {
    const refused = refusal(source, { at: 'docker.corp.example', input: input({ upstream: wrong }) });
    expect(refused.field).toBe('source.upstream');
  });

  it("refuses an upstream beside a host of Google's own", () => {
    expect(refusal(source, { at, input: input({ upstream }) }).field).toBe('source.upstream');
  });

  it('wants the key again for another upstream, and keeps it for the same one', () => {
    const host = 'docker.corp.example';
    const previous = accepted(source, { at: host, input: input({ upstream }) });
    const another = { upstream: 'gcr.io' };
    expect(refusal(source, { at: host, input: another, previous }).field).toBe('source.key');
    expect(accepted(source, { at: host, input: input(another), previous }).settings).toMatchObject(another);
    expect(accepted(source, { at: host, input: { upstream }, previous })).toEqual(previous);
    expect(refusal(source, { at: host, input: { upstream: null }, previous }).field).toBe('source.upstream');
  });
});

describe('a key of another universe', () => {
  it.each(['https://oauth2.googleapis.com/token', 'https://oauth2.apis-berlin.example/token'])(
    'is refused in words that name it, with the token endpoint %s',
    (tokenUri) => {
      const key = { ...account.keyFile(tokenUri), universe_domain: 'apis-berlin.example' };
      const refused = refusal(source, { at, input: input({ key }) });
      expect(refused.field).toBe('source.key.universe_domain');
      expect(refused.rule).toContain('keys of another universe (Trusted Cloud) are not supported');
    },
  );

  it("is none where the file names Google's own", () => {
    expect(accept(source, { at, input: keyWith({ universe_domain: 'googleapis.com' }) }).ok).toBe(true);
  });
});

describe('editing a Google source', () => {
  it('wants the key again before tokens may do more than read', () => {
    const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
    const previous = accepted(source, { at, input: input() });
    expect(refusal(source, { at, input: { scopes }, previous }).field).toBe('source.key');
    const widened = accepted(source, { at, input: input({ scopes }), previous });
    expect(widened.settings).toMatchObject({ scopes });
    expect(accepted(source, { at, input: { scopes }, previous: widened })).toEqual(widened);
    const narrowed = accepted(source, { at, input: { scopes: null }, previous: widened });
    expect(narrowed.settings).toMatchObject({ scopes: [READ_ONLY] });
  });

  it('keeps the key when only the scopes are changed, and brings the default back for null', async () => {
    const previous = accepted(source, { at, input: input() });
    const scopes = ['https://www.googleapis.com/auth/devstorage.read_only'];
    const narrowed = accepted(source, { at, input: { scopes }, previous });
    expect(narrowed.settings).toEqual({ ...previous.settings, scopes });
    await minted(source, { at, source: narrowed });
    expect(server.grants.at(-1)?.scope).toBe(scopes[0]);
    const kept = accepted(source, { at, input: { kind: 'google' }, previous: narrowed });
    expect(kept.settings).toEqual(narrowed.settings);
    expect(accepted(source, { at, input: { scopes: null }, previous: narrowed }).settings).toEqual(previous.settings);
  });

  it('takes a new key, and keeps the scopes', () => {
    const scopes = ['https://www.googleapis.com/auth/devstorage.read_only'];
    const previous = accepted(source, { at, input: input({ scopes }) });
    const key = stranger.keyFile(server.tokenUri);
    const next = accepted(source, { at, input: { key }, previous });
    expect(next.settings).toMatchObject({ clientEmail: stranger.clientEmail, scopes });
  });

  it('wants the key where the stored one may not be used', () => {
    const { settings } = accepted(source, { at, input: input() });
    expect(refusal(source, { at, input: { kind: 'google' }, previous: { settings } }).field).toBe('source.key');
  });
});

describe('sharing a Google token', () => {
  const keyOf = (from: SourceKind, fields: Record<string, unknown>, host = at): string | undefined =>
    from.sharingKey({ address: address(host), settings: accepted(from, { at: host, input: input(fields) }).settings });

  it('is the same for one key on several hosts', () => {
    const key = account.keyFile(server.tokenUri);
    expect(keyOf(source, { key })).toBe(keyOf(source, { key }, 'gcr.io'));
    expect(keyOf(source, { key })).toBeDefined();
  });

  it('differs for other scopes and for a file that only claims to be the same key', () => {
    const key = account.keyFile(server.tokenUri);
    const { private_key: otherKey } = stranger.keyFile(server.tokenUri);
    const scopes = ['https://www.googleapis.com/auth/devstorage.read_only'];
    expect(keyOf(source, { key, scopes })).not.toBe(keyOf(source, { key }));
    expect(keyOf(source, { key: { ...key, private_key: otherKey } })).not.toBe(keyOf(source, { key }));
  });
});
