/** Puts a tiny image into a test's registry, with skopeo. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { authsOf, type Login } from './auth-file.ts';
import { withPrivateSystem } from './private-system.ts';
import { runOrThrow } from './run.ts';
import { writeTinyImage } from './tiny-image.ts';
import { tool } from './tools.ts';
import type { Workspace } from './workspace.ts';

export interface PushTarget {
  /** Where to push: `host:port`. */
  readonly address: string;
  /** `team/app:1` */
  readonly image: string;
  /** Who pushes; nobody where the registry asks nobody. */
  readonly login?: Login;
  /** Ends up as the image's label `origin`; the address where not given. */
  readonly label?: string;
  /** docker 20.10's `manifest inspect` reads only the default, v2s2. */
  readonly format?: 'oci' | 'v2s2';
}

export async function pushImage(workspace: Workspace, target: PushTarget): Promise<void> {
  const folder = workspace.path('push', randomUUID());
  mkdirSync(folder);
  const layout = `${folder}/image`;
  writeTinyImage(layout, target.label ?? target.address);
  writeFileSync(`${folder}/auth.json`, JSON.stringify(authsOf(target.login ? { [target.address]: target.login } : {})));
  writeFileSync(`${folder}/policy.json`, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  const parameters = [
    ...['--policy', `${folder}/policy.json`, 'copy', '-q', '--format', target.format ?? 'v2s2'],
    ...['--dest-authfile', `${folder}/auth.json`, '--dest-tls-verify=false'],
    ...[`oci:${layout}:latest`, `docker://${target.address}/${target.image}`],
  ];
  await runOrThrow(workspace, {
    name: 'push',
    ...withPrivateSystem(folder, { command: tool('skopeo'), parameters }),
    environment: { HOME: folder },
  });
}
