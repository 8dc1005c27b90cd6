/**
 * Pullpass deployed into an account of its own, with its command line and hosts that were installed from it, and a list of
 * every secret, so that at the end each can be looked for in whatever was logged, stored or printed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { bundleFunctions } from '../../../build/bundle.ts';
import { createCanaries, type Finding } from '../../clients/support/canaries.ts';
import { createHost, type Host, type HostOptions } from '../../clients/support/host.ts';
import { setHostNames, withPrivateSystem } from '../../clients/support/private-system.ts';
import { runCommand, type Outcome } from '../../clients/support/run.ts';
import { cacheFolder, type Ground } from '../../clients/support/scene.ts';
import { openWorkspace } from '../../clients/support/workspace.ts';
import { openAccount, type Account, type AccountOptions } from './account.ts';
import { cdkFor, type Cdk, type CdkApp } from './cdk.ts';
import { deployedApi, type CallApi } from './deployed-api.ts';
import { STACK } from './deployment-names.ts';
import { PROJECT_FOLDER } from './machine.ts';

const CREATED = z.looseObject({ id: z.string() });
const PROGRAM = join(PROJECT_FOLDER, 'bin/pullpass.ts');

export interface Surroundings extends AccountOptions {
  /** Where the tests' own Google gives out tokens; none: nowhere. */
  readonly trustedTokenUri?: string;
}

export interface InstalledHostOptions extends Omit<HostOptions, 'helper' | 'logins'> {
  readonly environment: string;
  /** Of an agent; the file is copied by the installer. */
  readonly tokenFile: string;
  /** The API's own when not given. */
  readonly url?: string;
}

export interface Deployment extends Ground {
  readonly account: Account;
  readonly cdk: Cdk;
  /** As it was deployed, with what may be changed. */
  app(context?: Readonly<Record<string, string>>): CdkApp;
  readonly outputs: Readonly<Record<string, string>>;
  /** The API's. */
  readonly url: string;
  /** The same API below a path. */
  readonly urlWithPath: string;
  readonly adminToken: string;
  /** As the administrator. */
  readonly api: CallApi;
  as(token: string): CallApi;
  /** `pullpass …`, as the administrator or with another token; secrets go to stdin. */
  cli(
    parameters: readonly string[],
    options?: { readonly stdin?: string; readonly token?: string; readonly url?: string },
  ): Promise<Outcome>;
  /** A new agent by the command line, its token in a file. */
  agent(name: string, environment: string): Promise<{ readonly id: string; readonly tokenFile: string }>;
  /** By curl and the script that is served, as the README says; for a user of the host. */
  install(options: InstalledHostOptions): Promise<{ readonly host: Host; readonly installation: Outcome }>;
  /** Keeps what AWS holds where secrets are looked for. */
  collect(name: string, text: string): void;
  /** Where secrets were found that should not be there. */
  secretsFound(): readonly Finding[];
  end(): Promise<void>;
}

/** The value of the secret that the stack names. Read again, it may be another. */
export async function readAdminToken(account: Account, secret: string): Promise<string> {
  const client = new SecretsManagerClient(account.clientOptions());
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: secret }))).SecretString ?? '';
  } finally {
    client.destroy();
  }
}

export async function deployPullpass(
  prepare: (ground: Ground) => Promise<Surroundings> = () => Promise.resolve({}),
): Promise<Deployment> {
  const ground: Ground = { workspace: openWorkspace(), canaries: createCanaries() };
  try {
    return await deployInto(ground, await prepare(ground));
  } catch (problem) {
    await ground.workspace.end();
    throw problem;
  }
}

async function deployInto(ground: Ground, surroundings: Surroundings): Promise<Deployment> {
  const { workspace, canaries } = ground;
  const bundles = workspace.path('bundles');
  mkdirSync(bundles);
  const [account] = await Promise.all([openAccount(workspace, surroundings), bundleFunctions(bundles)]);
  const cdk = cdkFor(workspace, account);
  const app = (context: Readonly<Record<string, string>> = {}): CdkApp => ({
    stack: STACK,
    file: join(import.meta.dirname, '../deployed/app.ts'),
    context: { bundles, trustedTokenUri: surroundings.trustedTokenUri ?? 'https://token.invalid/', ...context },
  });
  await cdk.bootstrap();
  const outputs = await cdk.deploy(app());
  const url = outputs['Url'] ?? '';
  const adminToken = canaries.add('admin', await readAdminToken(account, outputs['FirstAdminSecret'] ?? ''));
  const { hostname } = new URL(url);
  const apiName = { [hostname]: '127.0.0.1' };
  const urlWithPath = `${account.endpoint}/_aws/execute-api/${hostname.split('.')[0] ?? ''}/%24default`;
  const operator = workspace.path('operator');
  setHostNames(operator, apiName);
  const as = (token: string): CallApi => deployedApi({ url, authorityFile: account.authorityFile, token });
  const cli: Deployment['cli'] = (parameters, { token = adminToken, url: at = url, ...further } = {}) =>
    runCommand(workspace, {
      name: 'cli',
      ...withPrivateSystem(operator, { command: process.execPath, parameters: [PROGRAM, ...parameters] }),
      environment: {
        HOME: operator,
        PULLPASS_URL: at,
        PULLPASS_TOKEN: token,
        PULLPASS_CA_FILE: account.authorityFile,
      },
      ...further,
    });
  // What is pushed with, what a host keeps by design, and the code that runs.
  const byDesign = [workspace.path('push'), bundles];
  return {
    ...{ ...ground, account, cdk, app, outputs, url, urlWithPath, adminToken, api: as(adminToken), as, cli },
    agent: async (name, environment) => {
      const tokenFile = workspace.path('tokens', name);
      const created = await cli(['agent', 'create', name, '--env', environment, '--token-file', tokenFile, '--json']);
      if (created.exitCode !== 0) throw new Error(created.stderr);
      canaries.add(`agent ${name}`, readFileSync(tokenFile, 'utf8').trim());
      byDesign.push(tokenFile);
      const { id } = CREATED.parse(JSON.parse(created.stdout));
      return { id, tokenFile };
    },
    install: async ({ environment, tokenFile, url: at = url, ...options }) => {
      const made = createHost(workspace, { ...options, hostNames: { ...options.hostNames, ...apiName } });
      const { REGISTRY_AUTH_FILE: _unset, ...bare } = made.environment;
      const host = { ...made, environment: { ...bare, PATH: `${made.home}/.local/bin:${bare['PATH'] ?? ''}` } };
      const { authorityFile } = account;
      const command =
        `curl -fsS --cacert ${authorityFile} ${at}/install/install.sh | sh -s -- --url ${at} ` +
        `--ca-file ${authorityFile} --environment ${environment} --token-file ${tokenFile} --user`;
      const installation = await runCommand(workspace, {
        name: 'install',
        ...withPrivateSystem(host.folder, { command: '/bin/sh', parameters: ['-c', command] }),
        environment: host.environment,
        cwd: host.home,
      });
      byDesign.push(join(host.home, '.config/pullpass/token'), cacheFolder(host));
      return { host, installation };
    },
    collect: (name, text) => {
      writeFileSync(workspace.path('collected', name), text);
    },
    secretsFound: () => canaries.inFolders([workspace.folder], byDesign.filter(existsSync)),
    end: () => workspace.end(),
  };
}
