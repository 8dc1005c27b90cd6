/** What host files and Rancher say of allowed registries, into the policies of a real Pullpass. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { textWith } from '../../support/text-like.ts';
import type { Ran } from '../run-command.ts';
import { openInstallation, type Installation } from './installation.ts';

let pullpass: Installation;

beforeEach(async () => {
  pullpass = await openInstallation();
});

afterEach(() => pullpass.close());

const BLOCKED = '[[registry]]\nlocation = "evil.example"\nblocked = true\n';

function importing(text: string, ...flags: readonly string[]): Promise<Ran> {
  return pullpass.run(['import', '-', '--apply', ...flags], { stdin: text });
}

async function policy(environment?: string): Promise<unknown> {
  const path = environment === undefined ? '/v1/policy' : `/v1/environments/${environment}/policy`;
  return (await pullpass.call(`GET ${path}`)).body;
}

function holding(fields: Readonly<Record<string, unknown>>, environment = 'prod'): Promise<unknown> {
  return pullpass.call(`PUT /v1/environments/${environment}/policy`, fields);
}

describe('registries.conf', () => {
  it.each([
    { name: 'the organisation', flags: [], environment: undefined },
    { name: 'an environment', flags: ['--env', 'prod'], environment: 'prod' },
  ])('goes into the policy of $name, once', async ({ flags, environment }) => {
    expect(await importing(`unqualified-search-registries = ["quay.io"]\n${BLOCKED}`, ...flags)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(await policy(environment)).toMatchObject({
      deny: ['evil.example'],
      defaultRegistry: 'quay.io',
      revision: 1,
    });
    expect((await importing(BLOCKED, ...flags)).stdout).toBe('nothing to do: 1 so already, 0 not taken over\n');
    expect(await policy(environment)).toMatchObject({ revision: 1 });
  });

  it('adds to what is there, and drops nothing', async () => {
    await holding({ whitelist: ['quay.io'], deny: ['bad.example'], mode: 'audit', alwaysAllow: ['a.example'] });
    await importing(BLOCKED, '--env', 'prod');
    expect(await policy('prod')).toMatchObject({
      whitelist: ['quay.io'],
      deny: ['bad.example', 'evil.example'],
      mode: 'audit',
      alwaysAllow: ['a.example'],
    });
  });

  it.each([
    { name: 'another one that is set', held: { defaultRegistry: 'a.example' }, default: 'a.example' },
    { name: 'none that the whitelist would allow', held: { whitelist: ['a.example'] }, default: null },
  ])('leaves the default registry where there is $name, and takes the rest', async ({ held, default: stays }) => {
    await holding(held);
    const ran = await importing(`unqualified-search-registries = ["quay.io"]\n${BLOCKED}`, '--env', 'prod');
    expect(ran.stdout).toContain('has the default registry quay.io');
    expect(await policy('prod')).toMatchObject({ defaultRegistry: stays, deny: ['evil.example'] });
  });

  it("leaves the default registry that the organisation's policy would refuse", async () => {
    await pullpass.call('PUT /v1/policy', { deny: ['quay.io'] });
    const ran = await importing(`unqualified-search-registries = ["quay.io"]\n${BLOCKED}`, '--env', 'prod');
    expect(ran).toMatchObject({ exitCode: 0, stdout: textWith("is not allowed by the organisation's policy") });
    expect(await policy('prod')).toMatchObject({ defaultRegistry: null, deny: ['evil.example'] });
  });

  it('that denies the very default registry is told, and changes nothing', async () => {
    await holding({ defaultRegistry: 'evil.example' });
    expect(await importing(BLOCKED, '--env', 'prod')).toMatchObject({
      exitCode: 0,
      stdout: textWith('cannot be set for the environment prod'),
    });
    expect(await policy('prod')).toMatchObject({ deny: [] });
  });
});

describe("Rancher's whitelist", () => {
  it('turns the restriction on, which is said', async () => {
    const ran = await importing('quay.io,index.docker.io', '--env', 'prod');
    expect(ran.stdout).toContain('note: until now every registry was allowed here');
    expect(await policy('prod')).toMatchObject({ whitelist: ['quay.io', 'docker.io'] });
    expect((await importing('quay.io,index.docker.io', '--env', 'prod')).stdout).toContain('nothing to do');
  });

  it('adds to a whitelist that is there', async () => {
    await holding({ whitelist: ['a.example'] });
    await importing('quay.io', '--env', 'prod');
    expect(await policy('prod')).toMatchObject({ whitelist: ['a.example', 'quay.io'] });
  });

  it('comes with the default registry, in place of another', async () => {
    await holding({ defaultRegistry: 'a.example' });
    await importing('quay.io,a.example', '--env', 'prod', '--default-registry', 'quay.io');
    expect(await policy('prod')).toMatchObject({ defaultRegistry: 'quay.io' });
  });

  it('that is blank changes nothing', async () => {
    expect(await importing('\n', '--format', 'rancher-whitelist')).toMatchObject({
      exitCode: 0,
      stdout: textWith('is blank'),
    });
    expect(await policy()).toMatchObject({ revision: 0 });
  });
});

describe('what is refused before anything is asked', () => {
  it.each([
    { name: 'a text of no format', text: 'hunter2', flags: [], says: 'of no format that is known' },
    { name: 'logins without an environment', text: '{"auths": {}}', flags: [], says: 'for which environments' },
    { name: 'logins for no environment', text: '{"auths": {}}', flags: ['--env', 'No!'], says: '--env No! must be' },
    {
      name: 'an export with an environment',
      text: '{"pullpass": 1}',
      flags: ['--env', 'prod'],
      says: '--env does not go with',
    },
    {
      name: 'a whitelist for every environment',
      text: 'quay.io',
      flags: ['--env', '*'],
      says: 'no environment with a policy',
    },
    {
      name: 'a whitelist with TLS',
      text: 'quay.io',
      flags: ['--plain-http', 'quay.io'],
      says: '--plain-http does not go with',
    },
    {
      name: 'a default registry of logins',
      text: '{"auths": {}}',
      flags: ['--env', 'a', '--default-registry', 'x.io'],
      says: '--default-registry does not go with',
    },
    {
      name: 'TLS for what is no host',
      text: '{"auths": {}}',
      flags: ['--env', 'a', '--skip-verify', 'http://x'],
      says: 'is no host',
    },
    {
      name: 'TLS twice',
      text: '{"auths": {}}',
      flags: ['--env', 'a', '--skip-verify', 'x.io', '--plain-http', 'x.io'],
      says: 'two TLS options',
    },
    {
      name: 'a CA without a file',
      text: '{"auths": {}}',
      flags: ['--env', 'a', '--ca', 'x.io'],
      says: 'names no file',
    },
    { name: 'a format that is none', text: '{}', flags: ['--format', 'xml'], says: 'Allowed choices' },
  ])('$name', async ({ text, flags, says }) => {
    const ran = await importing(text, ...flags);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: textWith(says) });
  });

  it.each([
    {
      name: 'the wrong format',
      text: 'canary',
      flags: ['--format', 'pullpass'],
      says: 'standard input cannot be imported: it is not valid JSON',
    },
    { name: 'more than is read', text: ' '.repeat(10_000_000), flags: [], says: 'larger than 8 MiB' },
  ])('$name', async ({ text, flags, says }) => {
    const ran = await importing(text, ...flags);
    expect(ran).toMatchObject({ exitCode: 1, stdout: '', stderr: textWith(says) });
    expect(ran.stderr).not.toContain('canary');
  });

  it.each([
    { name: 'is not there', file: 'no-such-file', says: 'cannot be read' },
    { name: 'is a folder', file: '.', says: 'is a folder' },
  ])('a file that $name', async ({ file, says }) => {
    expect(await pullpass.run(['import', file])).toMatchObject({ exitCode: 2, stderr: textWith(says) });
  });
});
