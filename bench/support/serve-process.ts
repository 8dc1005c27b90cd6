/** `pullpass serve` as an operator starts it, in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/pullpass.ts', import.meta.url));
const LISTENS = /^Pullpass listens on (?<url>\S+)$/;

export interface ServeProcess {
  readonly pid: number;
  readonly url: string;
  /** From its start until it said that it listens. */
  readonly startMilliseconds: number;
  readonly stop: () => Promise<void>;
}

export async function startServe(directory: string): Promise<ServeProcess> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [COMMAND, 'serve', '--port', '0', '--data', directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill();
    await exited;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const url = LISTENS.exec(line)?.groups?.['url'];
    if (url === undefined || child.pid === undefined) continue;
    const startMilliseconds = performance.now() - startedAt;
    child.stdout.resume();
    return { pid: child.pid, url, startMilliseconds, stop };
  }
  await stop();
  throw new Error('serve ended before it listened; start it by hand to see why');
}

/** Resident memory in MiB; undefined where the system does not tell it as Linux does. */
export async function residentMebibytes(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^VmRSS:\s+(?<kibibytes>\d+) kB$/m.exec(status)?.groups?.['kibibytes'];
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}
