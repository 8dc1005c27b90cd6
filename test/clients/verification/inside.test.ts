/**
 * Addresses that lead inside, given by an administrator to a Pullpass that may reach private networks and not its own
 * machine. Whoever listens there is never even connected to.
 */
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Answer } from '../support/pullpass-api.ts';
import { newLogin, openScene, type Scene } from '../support/scene.ts';
import { available } from '../support/tools.ts';
import { startTcpPeer, type Peer } from './peers.ts';

const ALL = available('unshare');
const PRIVATE = ['10.0.0.0/8', '100.64.0.0/10', '192.168.0.0/16', 'fc00::/7'];
const HOST_NAMES = {
  'loopback.test': '127.0.0.1',
  'loopback6.test': '::1',
  'mapped.test': '::ffff:127.0.0.1',
  'nat64.test': '64:ff9b::7f00:1',
  'metadata.test': '169.254.169.254',
  'metadata6.test': 'fd00:ec2::254',
  'everywhere.test': '0.0.0.0',
};
const LIST = z.looseObject({ items: z.array(z.looseObject({ id: z.string() })) });
const WAYS = [{}, { plainHttp: true }, { skipVerify: true }];

let scene: Scene;
let inside: readonly Peer[];
let port: number;

beforeAll(async () => {
  const parameters = PRIVATE.flatMap((network) => ['--allow-network', network]);
  scene = await openScene(async ({ workspace }) => {
    const first = await startTcpPeer(workspace, () => undefined);
    ({ port } = first);
    const hasIpv6 = Object.values(networkInterfaces()).some((some) => some?.some(({ address }) => address === '::1'));
    inside = hasIpv6 ? [first, await startTcpPeer(workspace, () => undefined, { host: '::1', port })] : [first];
    // Where a function finds its runtime in a Lambda.
    return { parameters, hostNames: HOST_NAMES, environment: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` } };
  });
});

afterAll(() => scene.end());

async function add(address: string, more: Readonly<Record<string, unknown>>): Promise<Answer> {
  const source = { kind: 'static', ...newLogin(scene, 'anna') };
  return scene.pullpass.api.call('POST /v1/registries', { address, environments: ['prod'], source, ...more });
}

function connections(): number {
  return inside.reduce((sum, peer) => sum + peer.connections(), 0);
}

const LISTENING = [
  '127.0.0.1',
  '127.0.0.2',
  'localhost',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '127.1',
  '0x7f.1',
  '0x7f.0x0.0x0.0x1',
  '0177.0.0.1',
  '2130706433',
  '0.0.0.0',
  '[::]',
  ...Object.keys(HOST_NAMES).filter((name) => !name.startsWith('metadata')),
];
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '100.100.100.200',
  '168.63.129.16',
  '224.0.0.1',
  '255.255.255.255',
  'metadata.test',
  'metadata6.test',
];
const NOT_ALLOWED = ['172.16.0.1', '198.18.0.1'];
/** The grammar of addresses stops these. */
const UNREADABLE = ['[::ffff:127.0.0.1]', '169.254.169.254.', '127.0.0.1.', 'localhost.', '127.0.0.1%00.quay.io'];

describe.runIf(ALL)('verifying', () => {
  it.each([...LISTENING, ...METADATA, ...NOT_ALLOWED])('%s connects to nobody, by whatever transport', async (host) => {
    for (const tls of WAYS) {
      const added = await add(`${host}:${port}`, { tls });
      expect(added).toMatchObject({ status: 422, body: { verification: { status: 'refused_address' } } });
    }
    expect(connections()).toBe(0);
  });

  it.each(['127.0.0.1', 'loopback.test', 'metadata.test', '[fd00:ec2::254]'])(
    '%s connects to nobody either, when it was stored untried',
    async (host) => {
      const added = await add(`${host}:${port}`, { tls: { plainHttp: true }, verify: false });
      expect(added.status).toBe(201);
      const { items } = LIST.parse((await scene.pullpass.api.call('GET /v1/registries')).body);
      for (const { id } of items) {
        const verified = await scene.pullpass.api.call(`POST /v1/registries/${id}/verify`);
        expect(verified).toMatchObject({ status: 200, body: { status: 'refused_address' } });
        await scene.pullpass.api.call(`POST /v1/registries/${id}/refresh`);
        await scene.pullpass.api.call(`DELETE /v1/registries/${id}`);
      }
      expect(connections()).toBe(0);
    },
  );

  it.each(UNREADABLE)('%s is no address at all', async (host) => {
    expect(await add(`${host}:${port}`, {})).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(connections()).toBe(0);
  });

  it('says who can allow an address that may be allowed, and nothing of one that may not', async () => {
    const sentence = async (host: string): Promise<string> => (await add(`${host}:${port}`, {})).text;
    expect(await sentence('127.0.0.1')).toContain('--allow-network');
    expect(await sentence('169.254.169.254')).not.toContain('--allow-network');
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
