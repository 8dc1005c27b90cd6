import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand, TOKEN } from './run-command.ts';
import { problem, startScriptedApi, type Answer, type ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi | undefined;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullpass-cli-'));
});

afterEach(async () => {
  await api?.close();
  api = undefined;
  await rm(folder, { recursive: true });
});

const EMPTY = { body: { items: [] } };
const LIST = ['registry', 'list'];

async function answering(answer: Answer): Promise<ScriptedApi> {
  api = await startScriptedApi({
    'GET /v1/registries?limit=500': answer,
    'GET /stage/v1/registries?limit=500': answer,
  });
  return api;
}

function certificate(name: string): Promise<string> {
  return readFile(new URL(`../support/certificates/${name}`, import.meta.url), 'utf8');
}

describe('the token', () => {
  it('comes from a file, without the line break at its end', async () => {
    const file = join(folder, 'token');
    await writeFile(file, `${TOKEN}-of-file\n`, { mode: 0o600 });
    const { url, calls } = await answering(EMPTY);
    await runCommand(LIST, { url, env: { PULLPASS_TOKEN: '', PULLPASS_TOKEN_FILE: file } });

    expect(calls[0]?.headers.authorization).toBe(`Bearer ${TOKEN}-of-file`);
  });

  it.each([
    { mode: 0o644, says: 'every user of this machine can read the token in', advice: 'chmod 600' },
    { mode: 0o604, says: 'every user of this machine can read the token in', advice: 'chmod 600' },
    { mode: 0o660, says: 'other users can change', advice: 'chmod go-w' },
    { mode: 0o602, says: 'other users can change', advice: 'chmod go-w' },
  ])('is refused from a file of mode $mode, also behind a link', async ({ mode, says, advice }) => {
    const file = join(folder, 'token');
    await writeFile(file, 'canary');
    await chmod(file, mode);
    await symlink(file, join(folder, 'link'));
    const { url, calls } = await answering(EMPTY);
    for (const name of [file, join(folder, 'link')]) {
      const ran = await runCommand(LIST, { url, env: { PULLPASS_TOKEN: '', PULLPASS_TOKEN_FILE: name } });

      expect(ran.exitCode).toBe(2);
      expect(ran.stderr).toContain(says);
      expect(ran.stderr).toContain(`${advice} ${name}`);
      expect(ran.stderr).not.toContain('canary');
    }
    expect(calls).toEqual([]);
  });

  it.each([0o600, 0o400, 0o640, 0o440])('comes from a file of mode %o, also behind a link', async (mode) => {
    const file = join(folder, 'token');
    await writeFile(file, TOKEN);
    await chmod(file, mode);
    await symlink(file, join(folder, 'link'));
    const { url, calls } = await answering(EMPTY);
    for (const name of [file, join(folder, 'link')]) {
      const ran = await runCommand(LIST, { url, env: { PULLPASS_TOKEN: '', PULLPASS_TOKEN_FILE: name } });

      expect(ran.exitCode).toBe(0);
    }
    expect(calls.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
  });

  it('is not looked for in a folder', async () => {
    const ran = await runCommand(LIST, { env: { PULLPASS_TOKEN: '', PULLPASS_TOKEN_FILE: folder } });

    expect(ran).toMatchObject({ exitCode: 2 });
    expect(ran.stderr).toContain('is a folder');
  });

  it('comes from PULLPASS_TOKEN before the file', async () => {
    const { url, calls } = await answering(EMPTY);
    await runCommand(LIST, { url, env: { PULLPASS_TOKEN_FILE: '/nowhere' } });

    expect(calls[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it.each([
    { name: 'is nowhere', env: { PULLPASS_TOKEN: '' }, says: 'there is no token to use' },
    {
      name: 'file cannot be read',
      env: { PULLPASS_TOKEN: '', PULLPASS_TOKEN_FILE: '/nowhere' },
      says: 'PULLPASS_TOKEN_FILE (/nowhere) cannot be read',
    },
    { name: 'is not one', env: { PULLPASS_TOKEN: 'canary one\nx: y' }, says: 'PULLPASS_TOKEN does not hold a token' },
  ])('that $name ends the command before it asks', async ({ env, says }) => {
    const { url, calls } = await answering(EMPTY);
    const ran = await runCommand(LIST, { url, env });

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain('canary');
    expect(calls).toEqual([]);
  });

  it('that is not valid is named by where it came from', async () => {
    const { url } = await answering(problem(401, 'unauthenticated', 'send a header'));

    expect(await runCommand(LIST, { url })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'pullpass: the token is not valid: unknown, revoked, past its end or cut off\n  the token came from PULLPASS_TOKEN\n',
    });
  });
});

describe('the address', () => {
  it.each([
    { url: 'http://pullpass.example:8484', says: 'over plain HTTP anybody on the way could read the token' },
    { url: 'http://127.0.0.1.evil.example', says: 'over plain HTTP' },
    { url: 'ftp://127.0.0.1', says: 'PULLPASS_URL is no address' },
    { url: 'canary', says: 'PULLPASS_URL is no address' },
    { url: 'https://user:canary@pullpass.example', says: 'without user name' },
  ])('$url is refused', async ({ url, says }) => {
    const ran = await runCommand(LIST, { url });

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain('canary');
  });

  it('may have a path in front, as behind a gateway', async () => {
    const { url, calls } = await answering(EMPTY);

    expect(await runCommand(LIST, { url: `${url}/stage/` })).toMatchObject({ exitCode: 0 });
    expect(calls[0]?.url).toBe('/stage/v1/registries?limit=500');
  });

  it('with https where plain HTTP is spoken says so', async () => {
    const { port, calls } = await answering(EMPTY);

    expect(await runCommand(LIST, { url: `https://127.0.0.1:${port}` })).toEqual({
      exitCode: 5,
      stdout: '',
      stderr:
        `pullpass: https://127.0.0.1:${port} does not speak TLS\n` +
        `  it seems to speak plain HTTP: use http://127.0.0.1:${port}\n`,
    });
    expect(calls).toEqual([]);
  });

  it('where nothing listens says how to start it', async () => {
    const { url } = await answering(EMPTY);
    await api?.close();
    const ran = await runCommand(LIST, { url });

    expect(ran).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: `pullpass: nothing listens at ${url}\n  is it running? Start it with \`pullpass serve\`, or set PULLPASS_URL\n`,
    });
  });
});

describe('an answer that is not from Pullpass', () => {
  it.each([
    { name: 'a page of a proxy', answer: { status: 502, raw: '<html>canary</html>' }, exitCode: 5 },
    { name: 'a success that is no JSON', answer: { raw: 'canary' }, exitCode: 5 },
    { name: 'a success of another shape', answer: { body: { canary: [] } }, exitCode: 5 },
    { name: 'an error that is no problem document', answer: { status: 400, body: { canary: 1 } }, exitCode: 5 },
    { name: 'a redirect', answer: { status: 302, headers: { location: 'http://127.0.0.1:1/canary' } }, exitCode: 5 },
  ])('$name is not shown', async ({ answer, exitCode }) => {
    const { url, calls } = await answering(answer);
    const ran = await runCommand(LIST, { url });

    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain("is not Pullpass's");
    expect(ran.stdout + ran.stderr).not.toContain('canary');
    expect(calls).toHaveLength(1);
  });
});

describe('exit codes of refusals', () => {
  it.each([
    { status: 400, code: 'bad_cursor', exitCode: 1 },
    { status: 403, code: 'role_required', exitCode: 3 },
    { status: 404, code: 'not_found', exitCode: 4 },
    { status: 409, code: 'registry_busy', exitCode: 6 },
    { status: 412, code: 'revision_conflict', exitCode: 6 },
    { status: 413, code: 'body_too_large', exitCode: 1 },
    { status: 422, code: 'mint_failed', exitCode: 1 },
    { status: 500, code: 'internal', exitCode: 5 },
    { status: 503, code: 'store_unavailable', exitCode: 5 },
  ])('$status $code is $exitCode', async ({ status, code, exitCode }) => {
    const { url } = await answering(problem(status, code, 'a sentence \u001b[31mof its own'));
    const ran = await runCommand(LIST, { url });

    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr.split('\n')[0]).toBe('pullpass: a sentence [31mof its own');
    expect(ran.stderr.split('\n').length).toBeLessThanOrEqual(3);
  });
});

describe('over TLS', () => {
  async function secure(name: string): Promise<ScriptedApi> {
    const tls = { cert: await certificate(`${name}.pem`), key: await certificate(`${name}.key`) };
    api = await startScriptedApi({ 'GET /v1/registries?limit=500': EMPTY }, tls);
    return api;
  }

  it('trusts the authority in PULLPASS_CA_FILE', async () => {
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, await certificate('ca.pem'));
    const { url, calls } = await secure('server');

    expect(await runCommand(LIST, { url, env: { PULLPASS_CA_FILE: ca } })).toMatchObject({ exitCode: 0 });
    expect(calls).toHaveLength(1);
  });

  it.each([
    { name: 'server', ca: undefined, says: 'set PULLPASS_CA_FILE' },
    { name: 'self-signed', ca: 'ca.pem', says: 'holds another authority' },
    { name: 'wrong-name', ca: 'ca.pem', says: 'is for another name' },
    { name: 'expired', ca: 'ca.pem', says: 'has run out' },
  ])('never sends the token to $name with $ca', async ({ name, ca, says }) => {
    const env = ca === undefined ? {} : { PULLPASS_CA_FILE: join(folder, ca) };
    if (ca !== undefined) await writeFile(join(folder, ca), await certificate(ca));
    const { url, calls } = await secure(name);
    const ran = await runCommand(LIST, { url, env });

    expect(ran.exitCode).toBe(5);
    expect(ran.stderr).toContain(says);
    expect(calls).toEqual([]);
  });

  it('refuses a PULLPASS_CA_FILE that holds no certificate', async () => {
    await mkdir(join(folder, 'x'));
    await writeFile(join(folder, 'x', 'ca.pem'), 'nothing');
    const ran = await runCommand(LIST, { env: { PULLPASS_CA_FILE: join(folder, 'x', 'ca.pem') } });

    expect(ran).toMatchObject({ exitCode: 2 });
    expect(ran.stderr).toContain('holds no certificate');
  });
});
