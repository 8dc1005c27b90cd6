/** Starts writing-process.ts, waits for what it says, and kills it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { onTestFinished } from 'vitest';

import { acknowledgementsIn, type Acknowledgement } from './acknowledgement.ts';

const SCRIPT = new URL('./writing-process.ts', import.meta.url).pathname;

export interface OtherProcess {
  /** Until it has acknowledged that many things, or has ended. */
  readonly told: (count: number) => Promise<readonly Acknowledgement[]>;
  /** SIGKILL. All that it acknowledged before it died. */
  readonly kill: () => Promise<readonly Acknowledgement[]>;
  /** It ends by itself. */
  readonly ended: () => Promise<readonly Acknowledgement[]>;
}

export function startProcess(directory: string, task: string, name = 'registry-1'): OtherProcess {
  const child = spawn(process.execPath, [SCRIPT, directory, task, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const closed = once(child, 'close');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = async () => {
    await closed;
    return acknowledgementsIn(output);
  };
  return {
    ended,
    told: async (count) => {
      while (acknowledgementsIn(output).length < count && child.exitCode === null && child.signalCode === null) {
        await Promise.race([once(child.stdout, 'data'), closed]);
      }
      return acknowledgementsIn(output);
    },
    kill: async () => {
      child.kill('SIGKILL');
      return await ended();
    },
  };
}
