/**
 * What Pullpass talks to during a soak, all of it on loopback: AWS (ECR and STS), Google's token endpoint and registries. Each
 * stands behind a wire that can fail, and sources can give out credentials that are not what they say.
 */
import { randomBytes } from 'node:crypto';
import { startAwsWireServer, type AwsWireServer } from '../support/aws-wire-server.ts';
import {
  createServiceAccount,
  startGoogleTokenServer,
  type GoogleTokenServer,
  type ServiceAccount,
} from '../support/google-token-server.ts';
import { listenOnLoopback } from '../support/listen-on-loopback.ts';
import { startFaultyWire, type FaultyWire } from './faulty-wire.ts';
import { CANARY, openLedger, type Ledger } from './ledger.ts';

/** What a source gives out: 60 to 90 seconds of life, or else. */
export type Temper = 'honest' | 'short' | 'expired' | 'too_long' | 'refused';

export interface Source {
  readonly wire: FaultyWire;
  temper: Temper;
}

export interface Registry {
  readonly wire: FaultyWire;
  /** It takes nobody's login. */
  refusing: boolean;
  readonly close: () => Promise<void>;
}

export interface StandIns {
  readonly ledger: Ledger;
  readonly ecr: Source & { readonly server: AwsWireServer };
  readonly google: Source & { readonly server: GoogleTokenServer; readonly account: ServiceAccount };
  readonly registries: readonly Registry[];
  /** Access key id -> secret access key. */
  readonly accessKeys: Readonly<Record<string, string>>;
  /** Role ARN -> external id: known once a registry with that role was added. */
  readonly roles: Record<string, string>;
  readonly close: () => Promise<void>;
}

const REGISTRIES = 3;

export async function startStandIns(random: () => number): Promise<StandIns> {
  const ledger = openLedger();
  const accessKeys = { AKIASOAKAAAAAAAAAAAA: awsSecret(), AKIASOAKBBBBBBBBBBBB: awsSecret() };
  const roles: Record<string, string> = {};
  const account = createServiceAccount('soak');
  const issue = issuing(ledger, random);

  const aws = await startAwsWireServer({
    accessKeys,
    roles,
    issue: ({ principal }) => issue({ username: 'AWS', holder: principal, temper: ecr.temper }),
  });
  const google = await startGoogleTokenServer({
    accounts: [account],
    audience: () => `http://${googleSource.wire.address}/token`,
    issue: ({ clientEmail }) => {
      const issued = issue({ username: 'oauth2accesstoken', holder: clientEmail, temper: googleSource.temper });
      return { token: issued.password, expiresInSeconds: Math.floor((issued.expiresAt - Date.now()) / 1000) };
    },
  });
  const ecr: StandIns['ecr'] = { server: aws, wire: await startFaultyWire(portOf(aws.endpoint)), temper: 'honest' };
  const googleWire = await startFaultyWire(portOf(google.tokenUri));
  const googleSource: StandIns['google'] = { server: google, wire: googleWire, account, temper: 'honest' };
  const registries = await Promise.all(Array.from({ length: REGISTRIES }, () => startLedgerRegistry(ledger)));
  return {
    ledger,
    ecr,
    google: googleSource,
    registries,
    accessKeys,
    roles,
    close: async () => {
      const wires = [ecr.wire, googleWire, ...registries.map(({ wire }) => wire)];
      await Promise.all(wires.map((wire) => wire.close()));
      await Promise.all([aws, google, ...registries].map((server) => server.close()));
    },
  };
}

function portOf(endpoint: string): number {
  return Number(new URL(endpoint).port);
}

function awsSecret(): string {
  return `${CANARY}${randomBytes(15).toString('hex')}`;
}

export function newPassword(): string {
  return `${CANARY}${randomBytes(12).toString('hex')}`;
}

function issuing(ledger: Ledger, random: () => number) {
  return (wanted: { readonly username: string; readonly holder: string; readonly temper: Temper }) => {
    const { username, holder, temper } = wanted;
    const issuedAt = Date.now();
    const { realSeconds, saidSeconds } = livesOf(temper, 60 + Math.floor(30 * random()));
    const password = newPassword();
    const honest = realSeconds === saidSeconds;
    ledger.enter({ username, password, holder, issuedAt, endsAt: issuedAt + realSeconds * 1000, honest });
    return { password, expiresAt: issuedAt + saidSeconds * 1000 };
  };
}

function livesOf(temper: Temper, seconds: number): { readonly realSeconds: number; readonly saidSeconds: number } {
  switch (temper) {
    case 'honest':
      return { realSeconds: seconds, saidSeconds: seconds };
    case 'short':
      return { realSeconds: 8, saidSeconds: 8 };
    case 'expired':
      return { realSeconds: -1, saidSeconds: -1 };
    case 'too_long':
      return { realSeconds: seconds, saidSeconds: seconds + 3600 };
    case 'refused':
      return { realSeconds: -1, saidSeconds: seconds };
  }
}

/** `/v2/` behind Basic authentication: it takes what the ledger says works at this moment. */
async function startLedgerRegistry(ledger: Ledger): Promise<Registry> {
  const server = await listenOnLoopback(async (request, response) => {
    const [scheme, encoded] = (request.headers.authorization ?? '').split(' ');
    const [username = '', ...password] = Buffer.from(encoded ?? '', 'base64')
      .toString()
      .split(':');
    const known = scheme === 'Basic' && ledger.admits({ username, password: password.join(':') });
    const welcome = known && !registry.refusing;
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (!welcome) response.setHeader('www-authenticate', 'Basic realm="soak"');
    response.writeHead(welcome ? 200 : 401, { 'content-type': 'application/json' }).end('{}');
  });
  const wire = await startFaultyWire(portOf(server.endpoint));
  const registry: Registry = { wire, refusing: false, close: server.close };
  return registry;
}
