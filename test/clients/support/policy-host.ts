/** A host whose every registry is a stand-in inside its own network: what its files of containers/image let through. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod/mini';
import type { HostFile } from '../../../lib/formats/host-config/wanted.ts';
import { signedByOwnAuthority } from './certificates.ts';
import { setHostNames, withPrivateSystem } from './private-system.ts';
import { BARE_ENVIRONMENT } from './processes.ts';
import { runCommand } from './run.ts';
import { PROJECT_FOLDER, tool } from './tools.ts';
import type { Workspace } from './workspace.ts';

const MANIFEST = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 7 },
  layers: [],
};
/** Every image of the stand-in is this one; of any other digest clients complain before they look at their policy. */
const ONLY_IMAGE = { mediaType: MANIFEST.mediaType, text: JSON.stringify(MANIFEST) };
const DIGEST = `sha256:${createHash('sha256').update(ONLY_IMAGE.text).digest('hex')}`;

export interface PolicyCase {
  readonly files: readonly HostFile[];
  /** As skopeo names them: `docker://quay.io/team/app:1`. Whatever the digest, it is the one that there is. */
  readonly sources: readonly string[];
}

export type Copied = 'accepted' | 'rejected' | 'blocked';

export interface PolicyHostOptions {
  /** Names that lead to the stand-in; and its addresses beside those of loopback. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

const outcomes = z.array(
  z.array(z.object({ source: z.string(), exitCode: z.nullable(z.number()), stderr: z.string() })),
);
const LIMIT_MS = 300_000;

export interface PolicyHost {
  /** Answers, for each case, what became of each source. Throws where that cannot be told. */
  copyUnder(cases: readonly PolicyCase[]): Promise<readonly (readonly Copied[])[]>;
}

export async function openPolicyHost(workspace: Workspace, options: PolicyHostOptions): Promise<PolicyHost> {
  const { names, addresses, ports } = options;
  const folder = workspace.path('policy-host', 'made').replace(/\/made$/, '');
  const ips = ['127.0.0.1', '::1', ...addresses].map((ip) => `IP:${ip}`);
  const certificates = await signedByOwnAuthority(workspace, 'policy-host', [
    ...names.map((name) => `DNS:${name}`),
    ...ips,
  ]);
  const { authority, certificate, key } = certificates;
  setHostNames(folder, Object.fromEntries(names.map((name) => [name, '127.0.0.1'])));
  const busybox = tool('busybox');
  const script = [
    `${busybox} ip link set lo up`,
    ...addresses.map((address) => `${busybox} ip addr add ${address}/32 dev lo`),
    `exec ${process.execPath} ${join(PROJECT_FOLDER, 'test/clients/support/policy-probe.ts')}`,
  ].join(' && ');
  const command = withPrivateSystem(folder, { command: tool('unshare'), parameters: ['--net', 'sh', '-c', script] });
  const environment = { ...BARE_ENVIRONMENT, HOME: folder, SSL_CERT_FILE: authority, TMPDIR: folder };
  // A machine's own drop-ins would have a say, too.
  const installed = ['/etc/containers/policy.json', '/etc/containers/registries.conf.d', '/etc/containers/certs.d'];
  return {
    copyUnder: async (cases) => {
      const known = cases.map((each) => ({ ...each, sources: each.sources.map(withKnownDigest) }));
      const fixed = { certificate, key, ports, folder, skopeo: tool('skopeo'), installed, manifest: ONLY_IMAGE };
      const stdin = JSON.stringify({ ...fixed, policies: known });
      const ran = await runCommand(workspace, {
        name: 'policy-probe',
        ...command,
        environment,
        stdin,
        limitMs: LIMIT_MS,
      });
      if (ran.exitCode !== 0) throw new Error(`the probe failed: ${ran.stderr.slice(-2000)}`);
      return outcomes.parse(JSON.parse(ran.stdout)).map((copied) => copied.map(whatBecameOf));
    },
  };
}

function withKnownDigest(source: string): string {
  return source.replace(/@sha256:[0-9a-f]{64}$/, `@${DIGEST}`);
}

/** The stand-in has no blobs: whoever misses one was let to ask for it. */
const ASKED = /invalid status code from registry 404/;

function whatBecameOf({
  source,
  exitCode,
  stderr,
}: {
  source: string;
  exitCode: number | null;
  stderr: string;
}): Copied {
  if (exitCode === 0) return 'accepted';
  if (/ rejected by policy/.test(stderr)) return 'rejected';
  if (/ is blocked in /.test(stderr)) return 'blocked';
  if (ASKED.test(stderr)) return 'accepted';
  throw new Error(`${source}: it cannot be told whether it was let through: ${stderr}`);
}
