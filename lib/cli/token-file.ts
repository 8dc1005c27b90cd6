/**
 * The file that a token is in. As the scripts on hosts do, it refuses one that every user can read, or that others can put
 * another token into. A group may read it: that is how a volume of Kubernetes gives a secret to a user (defaultMode 0440).
 */
import { open } from 'node:fs/promises';
import { platform } from 'node:os';
import { usageFailure, type CommandFailure } from './command-failure.ts';

const OTHERS_MAY_READ = 0o004;
const GROUP_OR_OTHERS_MAY_WRITE = 0o022;

/** `name`: what messages call it. A link is followed; a pipe or a terminal is read as it is. */
export async function readTokenFile(file: string, name: string): Promise<string> {
  const handle = await open(file).catch(() => {
    throw usageFailure(`${name} cannot be read`);
  });
  try {
    const status = await handle.stat();
    if (status.isDirectory()) throw usageFailure(`${name} is a folder`, 'name the file in it');
    const fault = status.isFile() && platform() !== 'win32' ? faultOf(status.mode, file, name) : undefined;
    if (fault !== undefined) throw fault;
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function faultOf(mode: number, file: string, name: string): CommandFailure | undefined {
  if ((mode & OTHERS_MAY_READ) !== 0) {
    return usageFailure(
      `every user of this machine can read the token in ${name}`,
      `chmod 600 ${file}, and replace the token if somebody may have read it`,
    );
  }
  if ((mode & GROUP_OR_OTHERS_MAY_WRITE) !== 0) {
    return usageFailure(`other users can change ${name}`, `chmod go-w ${file}`);
  }
  return undefined;
}
