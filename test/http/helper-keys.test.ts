/** Every form of key that a client of the docker-credential-helper protocol sends, and what it is answered. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { HELPER_NOT_FOUND } from '../../lib/formats/docker-credential.ts';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

/** By address, the user that each registry's credential has. */
const USERS = {
  'docker.io': 'hub',
  'docker.io/library': 'official',
  'quay.io/orga': 'robot-a',
  'quay.io/orgb': 'robot-b',
  '127.0.0.1:45001': 'loopback',
  '[::1]:5000': 'ipv6',
  'harbor.example': 'harbor',
} as const;

let pullpass: RunningPullpass;
let agent: string;
const ids = new Map<string, string>();

beforeAll(async () => {
  pullpass = await startPullpass();
  agent = await pullpass.createAgent({ environments: ['prod'] });
  for (const [address, username] of Object.entries(USERS)) {
    const source = { kind: 'static', username, password: 'canary-password-1' };
    const registry = { address, source, environments: ['prod'], verify: false };
    const added = await pullpass.call('POST /v1/registries', registry);
    ids.set(address, z.looseObject({ id: z.string() }).parse(added.body).id);
  }
});

afterAll(async () => {
  await pullpass.close();
});

beforeEach(async () => {
  await pullpass.call('PUT /v1/environments/prod/policy', {});
});

function get(key: string, token = agent): ReturnType<RunningPullpass['call']> {
  return pullpass.call('POST /v1/environments/prod/docker-credential', key, { token });
}

async function lastDecision(): Promise<unknown> {
  const { body } = await pullpass.call('GET /v1/audit?type=decision&limit=1');
  return body;
}

describe('a key that names a registry or repository is answered with its credential', () => {
  it.each([
    ['docker', 'https://index.docker.io/v1/', 'hub'],
    ['containers/image', 'docker.io', 'hub'],
    ['jib', 'registry-1.docker.io', 'hub'],
    ['nerdctl', 'https://harbor.example:443/v1/', 'harbor'],
    ['docker', 'harbor.example', 'harbor'],
    ['an old docker', 'https://harbor.example/v2/', 'harbor'],
    ['a URL without the last slash', 'http://harbor.example', 'harbor'],
    ['a URL with a path', 'https://harbor.example/project', 'harbor'],
    ['a slash at the end', 'harbor.example/', 'harbor'],
    ['the API without scheme', 'harbor.example/v2/', 'harbor'],
    ['the API without slash', 'harbor.example/v1', 'harbor'],
    ['upper case', 'HARBOR.Example:443', 'harbor'],
    ['a port', '127.0.0.1:45001', 'loopback'],
    ['IPv6', '[::1]:5000', 'ipv6'],
    ['go-containerregistry', '127.0.0.1:45001/team/app', 'loopback'],
    ['go-containerregistry, IPv6', '[::1]:5000/team/app', 'ipv6'],
    ['go-containerregistry, one robot', 'quay.io/orga/app', 'robot-a'],
    ['go-containerregistry, the other robot', 'quay.io/orgb/app', 'robot-b'],
    ['go-containerregistry, Docker Hub', 'index.docker.io/team/app', 'hub'],
    ['go-containerregistry, an official image', 'index.docker.io/library/alpine', 'official'],
    ['an official image without library/', 'docker.io/alpine', 'official'],
    ['an image with its tag', 'quay.io/orga/app:1', 'robot-a'],
    ['a repository with a slash at the end', 'quay.io/orga/app/', 'robot-a'],
    ['a repository in upper-case host', 'QUAY.io/orgb/app', 'robot-b'],
  ])('%s: %s', async (_, key, username) => {
    const answer = await get(key);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ ServerURL: key, Username: username });
  });
});

describe('a key without a registry here is answered with the not-found text', () => {
  it.each([
    ['another host', 'ghcr.io'],
    ['a repository of another host', 'ghcr.io/team/app'],
    ['a repository beside those that are known', 'quay.io/orgc/app'],
    ['a repository whose name only starts alike', 'quay.io/orgax/app'],
    ["docker's own access token", 'https://index.docker.io/v1/access-token'],
    ["docker's own refresh token", 'https://index.docker.io/v1/refresh-token'],
    ['an image without a host', 'library/alpine'],
    ['a name that no repository has', 'quay.io/orga/App'],
    ['a URL with a user', 'https://user@harbor.example/'],
    ['another scheme', 'oci://harbor.example/project'],
    ['a host with a user', 'user@harbor.example'],
    ['nothing', ''],
    ['a line break', '\n\n'],
    ['a JSON document', '{"ServerURL":"quay.io"}'],
    ['garbage', '%00 ../../etc/passwd'],
    ['letters of another script', 'ｄocker.io'],
    ['a long text', 'a'.repeat(4000)],
  ])('%s: %j', async (_, key) => {
    const answer = await get(key);
    expect(answer).toMatchObject({ status: 404, text: HELPER_NOT_FOUND });
    expect(answer.headers.get('content-type')).toContain('text/plain');
  });

  it('and the log says that there was no credential', async () => {
    await get('ghcr.io/team/app');
    const event = pullpass.events.at(-1);
    expect(event).toMatchObject({ code: 'http.answer', fields: { status: 404, problem: 'no_credential' } });
  });
});

describe('a key that is refused is never answered with the not-found text', () => {
  it('a repository that policy refuses, though other repositories of its host are allowed', async () => {
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: ['quay.io/orga'] });
    const refused = await get('quay.io/orgb/app');
    expect(refused.status).toBe(403);
    expect(refused.text).toBe('pulling quay.io/orgb/app is refused in prod: not in the environment whitelist (denied)');
    expect(await lastDecision()).toMatchObject({ items: [{ image: 'quay.io/orgb/app', outcome: 'denied' }] });
    expect((await get('quay.io/orga/app')).status).toBe(200);
  });

  it('a repository without a registry that policy refuses, and then its host', async () => {
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: ['quay.io/orga'] });
    expect((await get('ghcr.io/team/app')).status).toBe(403);
    expect((await get('ghcr.io')).status).toBe(403);
  });

  it('an official image of Docker Hub that is denied by its short name', async () => {
    await pullpass.call('PUT /v1/environments/prod/policy', { deny: ['docker.io/alpine'] });
    expect((await get('index.docker.io/library/alpine')).status).toBe(403);
    expect((await get('index.docker.io/library/redis')).status).toBe(200);
  });

  it('a repository whose registry is deactivated', async () => {
    const id = ids.get('harbor.example') ?? '';
    await pullpass.call(`POST /v1/registries/${id}/deactivate`);
    const answer = await get('harbor.example/team/app');
    await pullpass.call(`POST /v1/registries/${id}/activate`);
    expect(answer).toMatchObject({ status: 403 });
    expect(answer.text).toContain('registry_inactive');
  });

  it.each(['quay.io/orga/app', 'not a key'])('whoever may not ask learns nothing: %s', async (key) => {
    const stranger = await pullpass.createAgent({ environments: ['other'] });
    expect((await get(key, 'hello')).status).toBe(401);
    expect((await get(key, stranger)).text).toContain('(environment_not_allowed)');
    expect((await get(key, pullpass.adminToken)).text).toContain('(role_required)');
  });
});

it('audit mode lets a repository through and records what enforce would refuse', async () => {
  await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: ['ghcr.io'], mode: 'audit' });
  expect((await get('quay.io/orga/app')).status).toBe(200);
  expect(await lastDecision()).toMatchObject({
    items: [{ image: 'quay.io/orga/app', outcome: 'released', wouldRefuse: true }],
  });
});

it("a default registry's credential is never given for a key: the client has chosen its server", async () => {
  await pullpass.call('PUT /v1/environments/prod/policy', { defaultRegistry: 'harbor.example' });
  expect(await get('team/app')).toMatchObject({ status: 404, text: HELPER_NOT_FOUND });
});
