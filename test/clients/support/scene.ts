/**
 * What every scenario has: a Pullpass that runs, hosts that ask it, and a list of every secret that was made, so that at
 * the end each of them can be looked for in everything that anybody printed, logged or wrote.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Login } from './auth-file.ts';
import { createCanaries, type Canaries, type Finding } from './canaries.ts';
import { createHost, type Host, type HostOptions } from './host.ts';
import { startPullpass, type Pullpass, type PullpassOptions } from './pullpass.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface Ground {
  readonly workspace: Workspace;
  readonly canaries: Canaries;
}

export interface SceneAgent {
  readonly id: string;
  readonly token: string;
  /** Mode 0600; what PULLPASS_TOKEN_FILE names. */
  readonly tokenFile: string;
}

export interface HelperHostOptions extends Omit<HostOptions, 'helper' | 'logins'> {
  readonly environment: string;
  /** Of the agent whose token the host has. */
  readonly tokenFile: string;
  /** Asks Pullpass for these registries only; not given: for every registry. */
  readonly registries?: readonly string[];
}

export interface Scene extends Ground {
  readonly pullpass: Pullpass;
  agent(environment: string): Promise<SceneAgent>;
  /** A host on which the helper has been installed by hand. */
  host(options: HelperHostOptions): Host;
  /** Declares a file to be where a secret lies by design, and its content to be a secret. */
  keepsSecret(file: string): void;
  /** Declares that a host's helper keeps answers there, which it does by design. */
  allowCache(host: Host): void;
  /** Where secrets were found that should not be there. Everything in the workspace is searched. */
  secretsFound(): readonly Finding[];
  end(): Promise<void>;
}

/** A login that nobody had before. Distribution hashes 72 bytes at most. */
export function newLogin({ canaries }: Ground, username: string): Login {
  return { username, password: canaries.add(username, randomBytes(24).toString('hex'), username) };
}

/** Where the helper of a host keeps answers. */
export function cacheFolder(host: Host): string {
  return join(host.home, '.cache/pullpass');
}

/** `prepare`: for what has to be there before Pullpass starts. */
export async function openScene(prepare?: (ground: Ground) => Promise<PullpassOptions>): Promise<Scene> {
  const ground: Ground = { workspace: openWorkspace(), canaries: createCanaries() };
  const { workspace, canaries } = ground;
  const pullpass = await startPullpass(workspace, await prepare?.(ground));
  canaries.add('the administrator', pullpass.adminToken);
  // What the harness pushes with, and what is a host's or the administrator's to have.
  const byDesign = [workspace.path('push'), join(pullpass.dataFolder, 'admin-token')];
  const keepsSecret = (file: string): void => {
    canaries.add(file, readFileSync(file, 'utf8').trim());
    byDesign.push(file);
  };
  const allowCache = (host: Host): void => {
    byDesign.push(cacheFolder(host));
  };
  return {
    ...ground,
    pullpass,
    keepsSecret,
    allowCache,
    agent: async (environment) => {
      const name = `agent-${randomUUID()}`;
      const { id, token } = await pullpass.api.createAgent({ name, environments: [environment] });
      const tokenFile = workspace.path('tokens', name);
      writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
      keepsSecret(tokenFile);
      return { id, token, tokenFile };
    },
    host: ({ environment, tokenFile, registries, ...options }) => {
      const settings = {
        PULLPASS_URL: pullpass.url,
        PULLPASS_ENVIRONMENT: environment,
        PULLPASS_TOKEN_FILE: tokenFile,
      };
      const host = createHost(workspace, { ...options, helper: { settings, ...(registries && { registries }) } });
      allowCache(host);
      return host;
    },
    secretsFound: () => canaries.inFolders([workspace.folder], byDesign.filter(existsSync)),
    end: () => workspace.end(),
  };
}
