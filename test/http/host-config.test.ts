import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkedAnswer } from '../../lib/formats/host-config/host-config.ts';
import { hostConfigAnswers } from '../../lib/http/openapi/answers/host-config.ts';
import { safeParse } from 'zod/v4/core';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

const PASSWORD = 'canary-password-host-config';
const CA = readFileSync(new URL('../support/certificates/ca.pem', import.meta.url), 'utf8');
const AT = 'GET /v1/environments/prod/host-config';

let pullpass: RunningPullpass;
let agent: string;

beforeEach(async () => {
  pullpass = await startPullpass();
  agent = await pullpass.createAgent({ environments: ['prod'] });
  const { status, text } = await pullpass.call('POST /v1/registries', {
    address: 'harbor.example:5000/team',
    source: { kind: 'static', username: 'canary-user', password: PASSWORD },
    environments: ['prod'],
    tls: { ca: CA },
    verify: false,
  });
  expect(status, text).toBe(201);
  await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: ['harbor.example:5000/team'] });
});

afterEach(() => pullpass.close());

/** The host's default port is refused: a folder that somebody made for it would open it otherwise. */
const SHUT_BESIDE = [
  '/etc/containerd/certs.d/harbor.example/hosts.toml',
  '/etc/containerd/certs.d/harbor.example:443/hosts.toml',
];

describe('host-config', () => {
  it.each([
    ['docker', 'nothing', ['/etc/docker/certs.d/harbor.example:5000/ca.crt']],
    [
      'containerd',
      'hosts',
      [
        '/etc/containerd/certs.d/_default/hosts.toml',
        ...SHUT_BESIDE,
        '/etc/containerd/certs.d/harbor.example:5000/ca.crt',
        '/etc/containerd/certs.d/harbor.example:5000/hosts.toml',
      ],
    ],
    ['podman', 'repositories', ['/etc/containers/certs.d/harbor.example:5000/ca.crt', '/etc/containers/policy.json']],
    [
      'kubernetes',
      'repositories',
      [
        '/etc/containerd/certs.d/_default/hosts.toml',
        ...SHUT_BESIDE,
        '/etc/containerd/certs.d/harbor.example:5000/ca.crt',
        '/etc/containerd/certs.d/harbor.example:5000/hosts.toml',
        '/etc/pullpass/kubernetes/image-policy.json',
      ],
    ],
  ])('for %s is a document that the API describes, without any secret', async (runtime, enforces, paths) => {
    const answer = await pullpass.call(`${AT}/${runtime}`, undefined, { token: agent });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({ runtime, environment: 'prod', enforces });
    expect([...answer.text.matchAll(/"path":"(?<path>[^"]+)"/g)].map(({ groups }) => groups?.['path'])).toEqual(paths);
    const [described] = Object.values(hostConfigAnswers);
    const schema = described?.[200]?.schema;
    if (schema === undefined) throw new Error('not described');
    expect(safeParse(schema, answer.body).error).toBeUndefined();
    expect(answer.text).not.toContain('canary');
  });

  it('is the same as lines for a shell script', async () => {
    const answer = await pullpass.call(`${AT}/podman?format=lines`, undefined, { token: agent });
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const lines = answer.text.split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'pullpass-host-config 1',
      'runtime podman',
      'environment prod',
      'enforces repositories',
    ]);
    expect(lines.at(-2)).toBe(`end ${lines.length - 2}`);
    const [, mode, path, content = ''] = lines.find((line) => line.startsWith('file '))?.split(' ') ?? [];
    expect([mode, path]).toEqual(['0644', '/etc/containers/certs.d/harbor.example:5000/ca.crt']);
    expect(digestOf(Buffer.from(content, 'base64').toString())).toBe(digestOf(CA));
  });

  it('changes with policy at once', async () => {
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: ['quay.io'] });
    const { text } = await pullpass.call(`${AT}/containerd`, undefined, { token: agent });
    expect(text).toContain('/etc/containerd/certs.d/quay.io/hosts.toml');
    expect(text).toContain('/etc/containerd/certs.d/harbor.example:5000/hosts.toml');
    expect(text).not.toContain('ca.crt');
  });

  it.each([
    ['a runtime that is not known', `${AT}/cri-o`, 400, 'invalid_input'],
    ['a format that is not known', `${AT}/podman?format=xml`, 400, 'invalid_input'],
    ['another environment', 'GET /v1/environments/ci/host-config/podman', 403, 'environment_not_allowed'],
    ['no environment at all', 'GET /v1/environments/A_B/host-config/podman', 400, 'invalid_input'],
  ])('answers %s as a problem', async (_name, what, status, code) => {
    const answer = await pullpass.call(what, undefined, { token: agent });
    expect(answer.body).toMatchObject({ status, code });
  });

  it('names the runtimes that are known', async () => {
    const { text } = await pullpass.call(`${AT}/cri-o`, undefined, { token: agent });
    expect(text).toContain('docker, containerd, podman, kubernetes');
  });

  it('is for viewers, too, and for nobody without a token', async () => {
    const viewer = await pullpass.createAgent({ role: 'viewer' });
    expect((await pullpass.call(`${AT}/docker`, undefined, { token: viewer })).status).toBe(200);
    expect((await pullpass.call(`${AT}/docker`, undefined, { token: '' })).status).toBe(401);
  });

  it('says that it is too large instead of being cut off', async () => {
    const whitelist = Array.from({ length: 400 }, (_, index) => `quay.io:${index + 1000}`);
    const deny = Array.from({ length: 400 }, (_, index) => `quay.io/team-${index}`);
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist, deny });
    const answer = await pullpass.call(`${AT}/podman`, undefined, { token: agent });
    expect(answer.body).toMatchObject({ status: 422, code: 'host_config_too_large' });
  });
});

describe('an answer', () => {
  it.each([
    ['of 5.9 MB', 'x'.repeat(5_900_000), true],
    ['of 6.1 MB', 'x'.repeat(6_100_000), false],
    ['that quoting makes larger', '"'.repeat(3_100_000), false],
  ])('%s is within what one may have, or is not', (_name, body, fits) => {
    expect(checkedAnswer(body).ok).toBe(fits);
  });
});

function digestOf(text: string): string {
  return createHash('sha256').update(text.trim()).digest('hex');
}
