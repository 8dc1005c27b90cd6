/**
 * MiniStack, the stand-in for AWS: one process on a free port of 127.0.0.1, waited for, ended by its own id. It starts
 * with a bare environment, because everything it has leaks into the functions that it runs.
 */
import { dirname, join } from 'node:path';
import { freePort } from '../../clients/support/free-port.ts';
import { BARE_ENVIRONMENT, startProcess } from '../../clients/support/processes.ts';
import { openWorkspace } from '../../clients/support/workspace.ts';
import { nodeFolder, program } from './machine.ts';

/** MiniStack with its departures from the documentation mended, as far as this product meets them. */
const START_SCRIPT = join(import.meta.dirname, 'ministack_mended.py');
const ACCESS_KEY = 'test';
export const REGION = 'us-east-1';
export const ACCOUNT_ID = '000000000000';

export interface MiniStackOptions {
  /** Evaluates the policies of identities and execution roles. */
  readonly enforceIam?: boolean;
  /** Goes into MiniStack's own environment, and so into that of every function. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface MiniStack {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** Everything that it and its functions wrote to their standard output and error. */
  readonly logFiles: readonly string[];
  /** Its temporary folder; gone after `end`. */
  readonly folder: string;
  /** What a client of the AWS SDK is built with. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** What a command that speaks to AWS is run with, beside a path. */
  readonly environment: Readonly<Record<string, string>>;
  output(): string;
  /** Forgets every resource. */
  reset(): Promise<void>;
  end(): Promise<void>;
}

export async function startMiniStack(options: MiniStackOptions = {}): Promise<MiniStack> {
  const workspace = openWorkspace();
  try {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const home = dirname(workspace.path('home', 'any'));
    const running = await startProcess(workspace, {
      name: 'ministack',
      command: program('ministack'),
      parameters: [START_SCRIPT],
      environment: {
        PATH: `${nodeFolder()}:${BARE_ENVIRONMENT['PATH'] ?? ''}`,
        ...ownEnvironment(port, workspace.folder),
        ...clientEnvironment(url, home),
        ...(options.enforceIam === true ? { AUTH: 'true' } : {}),
        ...options.environment,
      },
      ready: () => answers(`${url}/_ministack/health`),
    });
    return {
      pid: running.pid,
      port,
      url,
      logFiles: [running.stdoutFile, running.stderrFile],
      folder: workspace.folder,
      client: {
        endpoint: url,
        region: REGION,
        credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: ACCESS_KEY },
      },
      environment: clientEnvironment(url, home),
      output: () => running.output(),
      reset: async () => {
        const response = await fetch(`${url}/_ministack/reset`, { method: 'POST' });
        if (!response.ok) throw new Error(`MiniStack's reset answered ${response.status}`);
      },
      end: () => workspace.end(),
    };
  } catch (problem) {
    await workspace.end();
    throw problem;
  }
}

/** Without the first and the third it listens on all addresses. */
function ownEnvironment(port: number, folder: string): Record<string, string> {
  return {
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    IOT_MTLS_ENABLED: '0',
    PERSIST_STATE: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    TMPDIR: folder,
    STATE_DIR: join(folder, 'state'),
    S3_DATA_DIR: join(folder, 's3'),
  };
}

function clientEnvironment(url: string, home: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: ACCESS_KEY,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The CDK keeps account ids, and the SDK looks for profiles, below the home folder.
    HOME: home,
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
