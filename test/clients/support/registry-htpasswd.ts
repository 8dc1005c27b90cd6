/** A registry with user names and passwords. bcrypt compares 72 bytes only: no longer passwords here. */
import { renameSync, writeFileSync } from 'node:fs';
import type { Login } from './auth-file.ts';
import { freePort } from './free-port.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from './registry.ts';
import { runOrThrow } from './run.ts';
import { tool } from './tools.ts';
import type { Workspace } from './workspace.ts';

const BCRYPT_BYTES = 72;

export interface HtpasswdRegistry extends TestRegistry {
  /** From now on exactly these may log in. The first of them also pushes. */
  setLogins(logins: readonly [Login, ...Login[]]): Promise<void>;
}

async function lineFor(workspace: Workspace, login: Login): Promise<string> {
  if (Buffer.byteLength(login.password) > BCRYPT_BYTES) throw new Error('bcrypt would ignore the end of this password');
  const line = await runOrThrow(workspace, {
    name: 'htpasswd',
    command: tool('htpasswd'),
    parameters: ['-niB', '-C', '4', login.username],
    stdin: login.password,
  });
  return line.trim();
}

export async function startHtpasswdRegistry(
  workspace: Workspace,
  logins: readonly [Login, ...Login[]],
  options: Pick<RegistryOptions, 'tls'> = {},
): Promise<HtpasswdRegistry> {
  const port = await freePort();
  const file = workspace.path(`registry-${port}`, 'htpasswd');
  let [pusher] = logins;
  // The registry reads it again when it changes and must never see half of it.
  const setLogins = async (all: readonly [Login, ...Login[]]): Promise<void> => {
    const lines = await Promise.all(all.map((login) => lineFor(workspace, login)));
    writeFileSync(`${file}.new`, `${lines.join('\n')}\n`);
    renameSync(`${file}.new`, file);
    [pusher] = all;
  };
  await setLogins(logins);
  const auth = { htpasswd: { realm: 'test', path: file } };
  const registry = await startRegistry(workspace, { ...options, port, auth, pusher: () => pusher });
  return { ...registry, setLogins };
}
