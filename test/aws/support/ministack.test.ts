import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { CreateSecretCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { accepts } from '../../clients/support/wait.ts';
import { available } from './machine.ts';
import { startMiniStack } from './ministack.ts';

/** Local addresses that the process listens on, as the kernel writes them: 127.0.0.1 is 0100007F. */
function listenersOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  const open = new Set(readdirSync(folder).map((name) => readlinkSync(`${folder}/${name}`)));
  const rows = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1));
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    return state === '0A' && open.has(`socket:[${inode}]`) ? [local] : [];
  });
}

describe.runIf(available('ministack'))('the stand-in for AWS', () => {
  it('serves on one port of loopback, forgets when told to, and leaves nothing behind', async () => {
    const stack = await startMiniStack();
    const client = new SecretsManagerClient(stack.client);
    try {
      const port = stack.port.toString(16).toUpperCase();
      expect(listenersOf(stack.pid)).toEqual([`0100007F:${port}`]);
      await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'x' }));
      expect((await client.send(new ListSecretsCommand({}))).SecretList).toHaveLength(1);
      await stack.reset();
      expect((await client.send(new ListSecretsCommand({}))).SecretList).toHaveLength(0);
      expect(stack.logFiles.map((file) => readFileSync(file, 'utf8')).join('')).toContain('Ready');
    } finally {
      client.destroy();
      await stack.end();
    }
    expect(await accepts(stack.port)).toBe(false);
    expect(existsSync(stack.folder)).toBe(false);
  });
});
