/**
 * The programs that the real-client suite runs, where each comes from, and which of them this machine has. prepare.ts
 * gets them and writes the manifest; tests read it here. Nothing here installs anything.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

export const PROJECT_FOLDER = join(import.meta.dirname, '../../..');
export const CACHE_FOLDER = join(PROJECT_FOLDER, '.cache/clients');
/** Packages are unpacked, not installed, into this folder: nothing of them ever starts by itself. */
export const UNPACKED_FOLDER = join(CACHE_FOLDER, 'unpacked');
/** Its go.mod pins crane. */
export const CRANE_MODULE = join(PROJECT_FOLDER, 'test/clients/prepare/crane');
const CRANE_CHECKSUMS = createHash('sha256')
  .update(readFileSync(join(CRANE_MODULE, 'go.sum')))
  .digest('hex');
/** Another version is built into another folder. */
export const BUILT_FOLDER = join(CACHE_FOLDER, 'built', CRANE_CHECKSUMS.slice(0, 16));
const MANIFEST_FILE = join(CACHE_FOLDER, 'manifest.json');

export const SYSTEM_BINARIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;
export const UNPACKED_BINARIES = [join(UNPACKED_FOLDER, 'usr/sbin'), join(UNPACKED_FOLDER, 'usr/bin')] as const;

export interface Tool {
  readonly name: string;
  /** Services are unpacked, because installing one would leave it to start with the machine. */
  readonly how: 'install' | 'unpack' | 'build';
  /** Debian and Ubuntu packages that may hold it, tried in this order; the Go package that it is built from. */
  readonly packages: readonly string[];
  /** Arguments with which it ends at once and successfully. */
  readonly probe: readonly string[];
}

export const TOOLS = [
  { name: 'skopeo', how: 'install', packages: ['skopeo'], probe: ['--version'] },
  { name: 'podman', how: 'install', packages: ['podman'], probe: ['--version'] },
  { name: 'buildah', how: 'install', packages: ['buildah'], probe: ['--version'] },
  { name: 'htpasswd', how: 'install', packages: ['apache2-utils'], probe: ['-nbB', '-C', '4', 'user', 'x'] },
  { name: 'openssl', how: 'install', packages: ['openssl'], probe: ['version'] },
  { name: 'curl', how: 'install', packages: ['curl', 'ca-certificates'], probe: ['--version'] },
  { name: 'busybox', how: 'install', packages: ['busybox-static'], probe: ['true'] },
  { name: 'systemd-analyze', how: 'install', packages: ['systemd'], probe: ['--version'] },
  // Not for the program itself but for what it needs: the right to mount.
  { name: 'unshare', how: 'install', packages: ['util-linux'], probe: ['--mount', 'true'] },
  { name: 'docker-registry', how: 'unpack', packages: ['docker-registry'], probe: ['--version'] },
  { name: 'nginx', how: 'unpack', packages: ['nginx', 'nginx-core'], probe: ['-v'] },
  { name: 'containerd', how: 'unpack', packages: ['containerd'], probe: ['--version'] },
  { name: 'runc', how: 'unpack', packages: ['runc'], probe: ['--version'] },
  { name: 'dockerd', how: 'unpack', packages: ['docker.io'], probe: ['--version'] },
  {
    ...{ name: 'crane', how: 'build', probe: ['version'] },
    packages: ['github.com/google/go-containerregistry/cmd/crane'],
  },
  { name: 'docker', how: 'unpack', packages: ['docker.io', 'docker-cli'], probe: ['--version'] },
] as const satisfies readonly Tool[];

export type ToolName = (typeof TOOLS)[number]['name'];

export const MANIFEST = z.object({
  /** Absolute path by name. */
  tools: z.record(z.string(), z.string()),
  /** Why a tool is not there, by name. */
  missing: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof MANIFEST>;
export const MANIFEST_PATH = MANIFEST_FILE;

function readManifest(): Manifest {
  if (!existsSync(MANIFEST_FILE))
    throw new Error('run `npm run test:clients`: it prepares the programs these tests use');
  return MANIFEST.parse(JSON.parse(readFileSync(MANIFEST_FILE, 'utf8')));
}

/** For `describe.runIf`: whether all of these are here. What is missing was reported when the suite was prepared. */
export function available(...names: readonly ToolName[]): boolean {
  const manifest = readManifest();
  return names.every((name) => name in manifest.tools);
}

/** The absolute path of a tool. Throws with the reason where this machine has none. */
export function tool(name: ToolName): string {
  const manifest = readManifest();
  const path = manifest.tools[name];
  if (path === undefined)
    throw new Error(`${name} is not on this machine: ${manifest.missing[name] ?? 'unknown reason'}`);
  return path;
}
