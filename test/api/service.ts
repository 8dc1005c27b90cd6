/** Pullpass as an operator starts it, on loopback, with an empty data folder; and what its log says of its answers. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod/mini';
import type { CallAdmin } from './world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/pullpass.ts');
const PORT = 8484;
const READY_MS = 20_000;

export interface Service {
  readonly url: string;
  readonly adminToken: string;
  readonly call: CallAdmin;
  readonly log: () => string;
  /** How it ended; an exit code of 0 is an orderly stop. */
  readonly end: () => Promise<number | null>;
}

/** In a network of its own the port is free whatever runs on this machine. */
export async function startService(folder: string): Promise<Service> {
  const logFile = join(folder, 'serve.log');
  const dataFolder = join(folder, 'data');
  const output = openSync(logFile, 'w');
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', String(PORT), '--data', dataFolder], {
    stdio: ['ignore', 'ignore', output],
    // Nothing of this shell's: no AWS profile, no proxy.
    env: { PATH: process.env['PATH'], HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' },
  });
  closeSync(output);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${PORT}`;
  const tokenFile = join(dataFolder, 'admin-token');
  const patience = Date.now() + READY_MS;
  while (!(existsSync(tokenFile) && (await listens(url)))) {
    if (child.exitCode !== null || Date.now() > patience) {
      child.kill('SIGKILL');
      throw new Error(`pullpass serve does not start: ${readFileSync(logFile, 'utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const adminToken = readFileSync(tokenFile, 'utf8').trim();
  return {
    url,
    adminToken,
    call: (what, body) => call({ url, adminToken, what, body }),
    log: () => readFileSync(logFile, 'utf8'),
    end: async () => {
      child.kill('SIGTERM');
      return await ended;
    },
  };
}

async function listens(url: string): Promise<boolean> {
  try {
    await (await fetch(`${url}/healthz`)).text();
    return true;
  } catch {
    return false;
  }
}

async function call(request: {
  readonly url: string;
  readonly adminToken: string;
  readonly what: string;
  readonly body: unknown;
}): ReturnType<CallAdmin> {
  const { url, adminToken, what, body } = request;
  const [method = 'GET', path = '/'] = what.split(' ');
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${adminToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${what}: ${response.status} ${text}`);
  return ANSWER.parse(JSON.parse(text));
}

const ANSWER = z.record(z.string(), z.unknown());

const LINE = z.object({
  event: z.literal('http.answer'),
  method: z.string(),
  route: z.string(),
  status: z.number(),
  problem: z.optional(z.string()),
});
export type AnsweredRequest = z.infer<typeof LINE>;

/** Every request that was answered, as the service itself counted it. */
export function answeredRequests(log: string): readonly AnsweredRequest[] {
  return log.split('\n').flatMap((line) => {
    if (!line.includes('"http.answer"')) return [];
    const parsed = LINE.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  });
}
