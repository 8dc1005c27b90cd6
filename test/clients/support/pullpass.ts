/** Pullpass itself, started as an operator does, and the command line against it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { freePort } from './free-port.ts';
import { setHostNames, withPrivateSystem } from './private-system.ts';
import { startProcess, type RunningProcess } from './processes.ts';
import { createApi, type Api } from './pullpass-api.ts';
import { runCommand, type Outcome } from './run.ts';
import { PROJECT_FOLDER } from './tools.ts';
import type { Workspace } from './workspace.ts';

const PROGRAM = join(PROJECT_FOLDER, 'bin/pullpass.ts');
let count = 0;

export interface PullpassOptions {
  /** For example `AWS_ENDPOINT_URL_ECR`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Further options of `serve`. */
  readonly parameters?: readonly string[];
  /** Where names lead to, in place of the machine's own hosts file. */
  readonly hostNames?: Readonly<Record<string, string>>;
}

export interface Pullpass {
  readonly url: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly adminToken: string;
  /** Calls as administrator. */
  readonly api: Api;
  /** Everything it has said, over all starts: stdout, then stderr. */
  output(): string;
  /** Ends it; SIGTERM unless told otherwise. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data and port, ending it first where it still runs. */
  restart(): Promise<void>;
  /** From now on names lead there instead. Only where it was started with `hostNames`. */
  setHostNames(addresses: Readonly<Record<string, string>>): void;
  /** `pullpass …` as the administrator, or with another token; secrets go to stdin. */
  cli(
    parameters: readonly string[],
    options?: { readonly stdin?: string; readonly token?: string; readonly printsSecrets?: true },
  ): Promise<Outcome>;
}

async function answers(url: string): Promise<boolean> {
  try {
    // Whatever the health, it listens.
    await (await fetch(`${url}/healthz`)).text();
    return true;
  } catch {
    return false;
  }
}

export async function startPullpass(workspace: Workspace, options: PullpassOptions = {}): Promise<Pullpass> {
  count += 1;
  const name = `pullpass-${count}`;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dataFolder = workspace.path(name, 'data');
  const tokenFile = join(dataFolder, 'admin-token');
  const environment = { HOME: workspace.path(name), ...options.environment };
  const { hostNames } = options;
  const serve = {
    command: process.execPath,
    parameters: [PROGRAM, 'serve', '--port', String(port), '--data', dataFolder, ...(options.parameters ?? [])],
  };
  if (hostNames !== undefined) setHostNames(workspace.path(name), hostNames);
  const start = (): Promise<RunningProcess> =>
    startProcess(workspace, {
      name,
      ...(hostNames === undefined ? serve : withPrivateSystem(workspace.path(name), serve)),
      environment,
      ready: async () => existsSync(tokenFile) && (await answers(url)),
    });
  let running = await start();
  const adminToken = readFileSync(tokenFile, 'utf8').trim();
  return {
    ...{ url, port, dataFolder, adminToken, api: createApi(url, adminToken) },
    output: () => running.output(),
    end: (signal) => running.end(signal),
    restart: async () => {
      await running.end();
      running = await start();
    },
    setHostNames: (addresses) => {
      setHostNames(workspace.path(name), addresses);
    },
    cli: (parameters, { token = adminToken, ...further } = {}) =>
      runCommand(workspace, {
        name: 'cli',
        command: process.execPath,
        parameters: [PROGRAM, ...parameters],
        environment: { ...environment, PULLPASS_URL: url, PULLPASS_TOKEN: token },
        ...further,
      }),
  };
}
