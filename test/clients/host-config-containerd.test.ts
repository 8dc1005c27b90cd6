/**
 * containerd's files on a real containerd, pulled from as kubelet does: what `_default`, ports, `ca`, `skip_verify` and plain
 * HTTP come to, and that a server that leads nowhere is never made up for by the registry itself.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerdConfig } from '../../lib/formats/host-config/containerd.ts';
import type { HostTls } from '../../lib/formats/host-config/wanted.ts';
import { wantedFor } from '../support/wanted-host-config.ts';
import { signedByOwnAuthority } from './support/certificates.ts';
import { criPull, type PullAnswer } from './support/cri.ts';
import { containerdSocket, startHostContainerd, writeContainerdConfig } from './support/host-daemons.ts';
import { createHost, type Host } from './support/host.ts';
import { startRegistry, type TestRegistry } from './support/registry.ts';
import { available } from './support/tools.ts';
import { openWorkspace, type Workspace } from './support/workspace.ts';

const NAMES = ['known.example', 'unknown.example', 'plain.example', 'docker.io', 'registry-1.docker.io', 'quay.io'];
const NOWHERE = 'not-allowed-by-pullpass.invalid';
const IMAGE = 'team/app:1';
const ALL = available('unshare', 'docker-registry', 'containerd', 'skopeo', 'openssl');

let workspace: Workspace;
let host: Host;
let encrypted: TestRegistry;
let plain: TestRegistry;
let ca: string;

describe.runIf(ALL)('containerd, with the files for', () => {
  beforeAll(async () => {
    workspace = openWorkspace();
    const names = ['known.example', 'unknown.example', 'localhost'].map((name) => `DNS:${name}`);
    const certificates = await signedByOwnAuthority(workspace, 'registry', names);
    ca = readFileSync(certificates.authority, 'utf8');
    [encrypted, plain] = await Promise.all([startRegistry(workspace, { tls: certificates }), startRegistry(workspace)]);
    await Promise.all([encrypted.push(IMAGE), plain.push(IMAGE)]);
    host = createHost(workspace, { hostNames: Object.fromEntries(NAMES.map((name) => [name, '127.0.0.1'])) });
    writeContainerdConfig(host, { cri: true });
    const config = join(host.folder, 'system/etc/containerd/config.toml');
    const registry = '[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n';
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n${registry}`);
    await startHostContainerd(host);
  });

  afterAll(() => workspace.end());

  function install(rules: Parameters<typeof wantedFor>[0], tls: readonly HostTls[] = []): void {
    const etc = join(host.folder, 'system');
    rmSync(join(etc, 'etc/containerd/certs.d'), { recursive: true, force: true });
    const knownHosts = tls.map((each) => each.host);
    for (const { path, content } of containerdConfig(wantedFor(rules, { tls, knownHosts })).files) {
      mkdirSync(dirname(join(etc, path)), { recursive: true });
      writeFileSync(join(etc, path), content);
    }
  }

  const pull = (image: string): Promise<PullAnswer> => criPull({ socket: containerdSocket(host), image });
  const known = (): string => `known.example:${encrypted.port}`;
  const unknown = (): string => `unknown.example:${encrypted.port}`;

  describe('a whitelist', () => {
    it('pulls from a registry with its own authority, and nothing from the same registry by another name', async () => {
      install({ whitelist: [known()] }, [{ host: known(), ca }]);
      const before = encrypted.output().length;
      expect((await pull(`${unknown()}/${IMAGE}`)).status).not.toBe(0);
      expect(encrypted.output()).toHaveLength(before);
      expect(await pull(`${known()}/${IMAGE}`)).toEqual({ status: 0, message: '' });
    });

    it('says in the error of what is shut why it is', async () => {
      install({ whitelist: [known()] });
      expect((await pull(`${unknown()}/${IMAGE}`)).message).toContain(NOWHERE);
      expect((await pull(`known.example/${IMAGE}`)).message).toContain(NOWHERE);
      expect((await pull('nginx')).message).toContain(NOWHERE);
      expect((await pull(`registry-1.docker.io/library/nginx`)).message).toContain(NOWHERE);
    });

    it.each([
      ['with a certificate that nobody verifies', () => ({ host: unknown(), skipVerify: true }) as const],
      ['in plain HTTP', () => ({ host: `plain.example:${plain.port}`, plainHttp: true }) as const],
    ])('pulls %s where the registry says so', async (_name, settings) => {
      const tls = settings();
      install({ whitelist: [tls.host] });
      expect((await pull(`${tls.host}/${IMAGE}`)).status).not.toBe(0);
      install({ whitelist: [tls.host] }, [tls]);
      expect(await pull(`${tls.host}/${IMAGE}`)).toEqual({ status: 0, message: '' });
    });

    it('sends what is on Docker Hub to where Docker Hub is', async () => {
      install({ whitelist: ['docker.io/library'] });
      const { message } = await pull('nginx');
      expect(message).toContain('registry-1.docker.io');
      expect(message).not.toContain(NOWHERE);
    });
  });

  describe('a deny list alone', () => {
    it('shuts a host on its ports and leaves the others open', async () => {
      install({ deny: ['unknown.example', 'docker.io'] }, [
        { host: known(), ca },
        { host: unknown(), ca },
      ]);
      for (const image of [
        `unknown.example/${IMAGE}`,
        `unknown.example:443/${IMAGE}`,
        `${unknown()}/${IMAGE}`,
        'nginx',
      ]) {
        expect((await pull(image)).message, image).toContain(NOWHERE);
      }
      expect((await pull('registry-1.docker.io/library/nginx')).message).toContain(NOWHERE);
      expect((await pull(`quay.io/${IMAGE}`)).message).not.toContain(NOWHERE);
      expect((await pull(`${known()}/${IMAGE}`)).status).toBe(0);
      expect(existsSync(join(host.folder, 'system/etc/containerd/certs.d/_default'))).toBe(false);
    });
  });
});
