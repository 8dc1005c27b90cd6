/** Logins of docker and Kubernetes into a real Pullpass, which logs in at a real registry before it stores them. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBasicRegistry, type BasicRegistry } from '../../support/basic-registry.ts';
import { textWith } from '../../support/text-like.ts';
import type { Ran } from '../run-command.ts';
import { openInstallation, type Installation } from './installation.ts';

const PASSWORD = 'canary:"pass\\word"🔑';
const OTHER = 'canary-other';

let pullpass: Installation;
let registry: BasicRegistry;
let file: string;

beforeEach(async () => {
  pullpass = await openInstallation();
  registry = await startBasicRegistry({ anna: PASSWORD, bert: OTHER });
  file = join(pullpass.directory, 'config.json');
});

afterEach(async () => {
  await Promise.all([pullpass.close(), registry.close()]);
});

function config(username: string, password: string, address = registry.address): unknown {
  return { auths: { [`http://${address}`]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } } };
}

async function importing(document: unknown, ...flags: readonly string[]): Promise<Ran> {
  await writeFile(file, JSON.stringify(document), { mode: 0o600 });
  const ran = await pullpass.run(['import', file, '--env', 'prod', '--plain-http', registry.address, ...flags]);
  // Whatever happens, no secret of the file is ever shown.
  expect(`${ran.stdout}${ran.stderr}`).not.toContain('canary');
  return ran;
}

async function loginOf(): Promise<unknown> {
  const token = await pullpass.createAgent({ name: 'host', environments: ['prod'] });
  const image = `${registry.address}/team/app:1`;
  const { body } = await pullpass.call('POST /v1/environments/prod/resolve', { image }, { token });
  return body;
}

describe('a docker config', () => {
  it('is only looked at without --apply', async () => {
    const ran = await importing(config('anna', PASSWORD));
    expect(ran).toMatchObject({
      exitCode: 0,
      stderr: 'nothing was changed: this is the plan; to carry it out: --apply\n',
    });
    expect(ran.stdout).toBe(
      `+ registry ${registry.address} for prod: static, username anna, tls {"plainHttp":true}\n    its secret: given\n1 to add, 0 to change, 0 so already, 0 not taken over\n`,
    );
    expect(await pullpass.registries()).toEqual([]);
  });

  it('is logged in with and stored, and its password comes out exactly', async () => {
    expect(await importing(config('anna', PASSWORD), '--apply')).toMatchObject({ exitCode: 0 });
    expect(await loginOf()).toMatchObject({ credential: { username: 'anna', password: PASSWORD } });
    expect(await pullpass.registries()).toMatchObject([{ verification: { status: 'verified' } }]);
  });

  it('is imported once, whatever its password is the second time', async () => {
    await importing(config('anna', PASSWORD), '--apply');
    const again = await importing(config('anna', OTHER), '--apply');
    expect(again).toMatchObject({ exitCode: 0, stdout: 'nothing to do: 1 so already, 0 not taken over\n' });
    expect(await loginOf()).toMatchObject({ credential: { password: PASSWORD } });
  });

  it('whose login is refused stores nothing, tells it, and takes the others', async () => {
    const both = {
      auths: {
        [`${registry.address}/bad`]: { username: 'anna', password: OTHER },
        [`${registry.address}/good`]: { username: 'bert', password: OTHER },
      },
    };
    const ran = await importing(both, '--apply');
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain(`failed: registry ${registry.address}/bad for prod: `);
    expect(await pullpass.registries()).toMatchObject([{ address: `${registry.address}/good` }]);
  });

  it('says how the host is to be named where TLS is what fails', async () => {
    await writeFile(file, JSON.stringify(config('anna', PASSWORD)), { mode: 0o600 });
    const ran = await pullpass.run(['import', file, '--env', 'prod', '--apply']);
    expect(ran.stdout).toContain(`import with --plain-http ${registry.address}`);
    expect(ran.stderr).toContain(`--plain-http ${registry.address}`);
    expect(ran.exitCode).toBe(1);
  });

  it('with another user name is told; with --replace-secrets it is changed, once for its user and each time for its password', async () => {
    await importing(config('anna', PASSWORD), '--apply');
    const told = await importing(config('bert', OTHER), '--apply');
    expect(told).toMatchObject({ exitCode: 0, stdout: textWith('has another login') });
    expect(told.stdout).toContain('logs in as anna');
    expect(await importing(config('bert', OTHER), '--apply', '--replace-secrets')).toMatchObject({ exitCode: 0 });
    expect(await loginOf()).toMatchObject({ credential: { username: 'bert', password: OTHER } });
    registry.accounts.set('bert', PASSWORD);
    expect(await importing(config('bert', PASSWORD), '--apply', '--replace-secrets')).toMatchObject({ exitCode: 0 });
    expect(await loginOf()).toMatchObject({ credential: { username: 'bert', password: PASSWORD } });
    expect(await pullpass.registries()).toHaveLength(1);
  });

  it('with a wrong password and --replace-secrets leaves the one that works', async () => {
    await importing(config('anna', PASSWORD), '--apply');
    expect(await importing(config('anna', OTHER), '--apply', '--replace-secrets')).toMatchObject({ exitCode: 1 });
    expect(await loginOf()).toMatchObject({ credential: { password: PASSWORD } });
  });

  it('for a further environment widens the registry that has this login', async () => {
    await importing(config('anna', PASSWORD), '--apply');
    expect(await importing(config('anna', PASSWORD), '--env', 'ci', '--apply')).toMatchObject({ exitCode: 0 });
    expect(await pullpass.registries()).toMatchObject([{ environments: ['prod', 'ci'] }]);
    expect((await importing(config('anna', PASSWORD), '--env', 'ci', '--apply')).stdout).toContain('nothing to do');
  });

  it('is not widened into an environment where it would then answer instead of another one, unless told to', async () => {
    await importing(config('bert', OTHER), '--apply');
    await pullpass.call(`PATCH /v1/registries/${(await pullpass.registries())[0]?.id ?? ''}`, { environments: ['ci'] });
    await importing(config('anna', PASSWORD), '--apply');
    const told = await importing(config('anna', PASSWORD), '--env', 'ci', '--apply');
    expect(told).toMatchObject({ exitCode: 0, stdout: textWith('another registry there is for some of these') });
    expect(await pullpass.registries()).toMatchObject([{ environments: ['ci'] }, { environments: ['prod'] }]);
    expect(await importing(config('anna', PASSWORD), '--env', 'ci', '--apply', '--allow-override')).toMatchObject({
      exitCode: 0,
    });
    expect(await pullpass.registries()).toMatchObject([{ environments: ['ci'] }, { environments: ['prod', 'ci'] }]);
  });

  it.each([
    { name: 'for all', environments: ['*'] },
    { name: 'for this and another', environments: ['prod', 'ci'] },
  ])('never adds a second registry beside one of another login $name, unless told to', async ({ environments }) => {
    const source = { kind: 'static', username: 'bert', password: OTHER };
    await pullpass.call('POST /v1/registries', {
      address: registry.address,
      environments,
      tls: { plainHttp: true },
      source,
    });
    const told = await importing(config('anna', PASSWORD), '--apply');
    expect(told).toMatchObject({ exitCode: 0, stdout: textWith('would answer instead of') });
    expect(await pullpass.registries()).toHaveLength(1);
    expect(await importing(config('anna', PASSWORD), '--apply', '--allow-override')).toMatchObject({ exitCode: 0 });
    expect(await pullpass.registries()).toHaveLength(2);
    expect((await importing(config('anna', PASSWORD), '--apply', '--allow-override')).stdout).toContain(
      'nothing to do',
    );
  });

  it('that others may read is told to be closed', async () => {
    await writeFile(file, JSON.stringify(config('anna', PASSWORD)));
    await chmod(file, 0o644);
    const { stderr } = await pullpass.run(['import', file, '--env', 'prod']);
    expect(stderr).toContain('chmod 600');
  });

  it('from standard input as well, and as data', async () => {
    const argv = ['import', '-', '--env', 'prod', '--plain-http', registry.address, '--json', '--apply'];
    const ran = await pullpass.run(argv, { stdin: JSON.stringify(config('anna', PASSWORD)) });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      plan: {
        steps: [
          {
            action: 'add',
            subject: 'registry',
            secret: 'given',
            registry: { source: { kind: 'static', username: 'anna' } },
          },
        ],
      },
      results: [{ outcome: 'done', name: registry.address }],
    });
    expect(ran.stdout).not.toContain('canary');
  });
});

describe('secrets of Kubernetes', () => {
  it('come in as kubectl prints them', async () => {
    const encoded = Buffer.from(JSON.stringify(config('anna', PASSWORD))).toString('base64');
    const yaml = `apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Secret\n  type: kubernetes.io/dockerconfigjson\n  metadata:\n    name: pull\n    namespace: shop\n  data:\n    .dockerconfigjson: ${encoded}\nkind: List\n`;
    const argv = ['import', '-', '--env', 'prod', '--plain-http', registry.address, '--apply'];
    expect(await pullpass.run(argv, { stdin: yaml })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await loginOf()).toMatchObject({ credential: { password: PASSWORD } });
  });
});

describe('registries.yaml, with the files that it names', () => {
  const CERTIFICATES = join(import.meta.dirname, '../../support/certificates');

  async function planOf(caFile: string): Promise<Ran> {
    const yaml = `configs:\n  a.example:\n    auth:\n      username: anna\n      password: canary\n    tls:\n      ca_file: ${caFile}\n`;
    await writeFile(file, yaml, { mode: 0o600 });
    const ran = await pullpass.run(['import', file, '--env', 'prod', '--json']);
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/canary|PRIVATE/);
    return ran;
  }

  it.each(['a whole path', 'a path beside it'])('takes a CA by %s', async (how) => {
    const ca = await readFile(join(CERTIFICATES, 'ca.pem'), 'utf8');
    await writeFile(join(pullpass.directory, 'ca.pem'), `what stands around it\n${ca}`);
    const { stdout } = await planOf(how === 'a whole path' ? join(pullpass.directory, 'ca.pem') : 'ca.pem');
    expect(stdout).toContain(JSON.stringify(ca.trim()).slice(1, -1));
    expect(stdout).not.toContain('what stands around it');
  });

  it.each([
    ['one that is not there', '/nowhere/ca.pem'],
    ['a private key', join(CERTIFICATES, 'server.key')],
    ['a device that does not end', '/dev/zero'],
    ['a file without end that says its size is 0', '/proc/self/pagemap'],
    ['a folder', '/etc'],
    ['some other file', '/etc/passwd'],
  ])('names a CA file that it cannot take, and sends nothing of it: %s', async (_name, caFile) => {
    const { stdout } = await planOf(caFile);
    expect(stdout).toContain(
      `its CA certificate, ${JSON.stringify(JSON.stringify(caFile)).slice(1, -1)}, cannot be read`,
    );
    expect(stdout).toContain('--ca a.example=FILE');
    expect(stdout).not.toMatch(/root:|BEGIN/);
  });
});

describe('somebody at a terminal', () => {
  it('is asked, and a yes carries it out', async () => {
    await writeFile(file, JSON.stringify(config('anna', PASSWORD)), { mode: 0o600 });
    const argv = ['import', file, '--env', 'prod', '--plain-http', registry.address];
    const ran = await pullpass.run(argv, { columns: 100, stdin: 'y\n' });
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toContain('Carry this out? [y/N]');
    expect(await pullpass.registries()).toHaveLength(1);
  });

  it.each(['n\n', '\n', ''])('who answers %j changes nothing', async (stdin) => {
    await writeFile(file, JSON.stringify(config('anna', PASSWORD)), { mode: 0o600 });
    const argv = ['import', file, '--env', 'prod', '--plain-http', registry.address];
    expect(await pullpass.run(argv, { columns: 100, stdin })).toMatchObject({
      exitCode: 1,
      stderr: textWith('nothing was changed'),
    });
    expect(await pullpass.registries()).toEqual([]);
  });

  it('is asked for a secret that is missing, which is not shown', async () => {
    const document = {
      pullpass: 1,
      registries: [
        {
          address: registry.address,
          environments: ['prod'],
          source: { kind: 'static', username: 'bert' },
          tls: { plainHttp: true },
        },
      ],
    };
    await writeFile(file, JSON.stringify(document), { mode: 0o600 });
    const ran = await pullpass.run(['import', file, '--apply'], { columns: 100, stdin: `${OTHER}\n` });
    expect(ran.stderr).toContain(`password for ${registry.address} (bert)`);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain(OTHER);
    expect(await loginOf()).toMatchObject({ credential: { username: 'bert', password: OTHER } });
  });
});
