/**
 * ECR and Google under their real names: hosts and Pullpass are told in their hosts files that these lead to this machine,
 * where registries with certificates for them listen. Everything from the name to the pull is as in the real world; the
 * authority of the certificates and the services that give tokens are the test's.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createServiceAccount,
  startGoogleTokenServer,
  type GoogleTokenServer,
  type ServiceAccount,
} from '../support/google-token-server.ts';
import { changeThenTry, succeeded } from './support/changes.ts';
import { signedByOwnAuthority } from './support/certificates.ts';
import { buildahPull, podmanPull, skopeoCopy, skopeoInspect } from './support/clients.ts';
import { startEcrFront, type EcrFront } from './support/ecr-front.ts';
import { startEcrSource } from './support/ecr-source.ts';
import type { Host } from './support/host.ts';
import { openScene, type Ground, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';

const IMAGE = 'team/app:1';
/** Nothing else listens on these loopback addresses. */
const ADDRESSES = {
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com': '127.44.3.1',
  'europe-docker.pkg.dev': '127.44.3.2',
} as const;
type RegistryName = keyof typeof ADDRESSES;
const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const GOOGLE = 'europe-docker.pkg.dev';

let scene: Scene;
let agent: SceneAgent;
let ecr: EcrFront;
let google: EcrFront;
let authorities: Record<RegistryName, string>;
let account: ServiceAccount;
let tokenServer: GoogleTokenServer;
/** Those that Google's registry takes. */
let accessTokens: string[];

async function startUnder(
  { workspace }: Ground,
  name: RegistryName,
  username: string,
): Promise<{ readonly front: EcrFront; readonly authority: string }> {
  const { authority, ...tls } = await signedByOwnAuthority(workspace, name, [`DNS:${name}`]);
  const under = { name, listen: `${ADDRESSES[name]}:443`, tls };
  return { front: await startEcrFront(workspace, [], { username, under }), authority };
}

async function startGoogle({ workspace, canaries }: Ground): Promise<GoogleTokenServer> {
  accessTokens = [];
  account = createServiceAccount();
  const server = await startGoogleTokenServer({
    accounts: [account],
    issue: () => {
      const token = `ya29.c.${randomBytes(48).toString('base64url')}`;
      canaries.add(`access token ${accessTokens.length + 1}`, token, 'oauth2accesstoken');
      accessTokens.push(token);
      google.accept(accessTokens.slice(-2));
      return { token, expiresInSeconds: 3599 };
    },
  });
  workspace.onEnd(() => server.close());
  return server;
}

const ALL = available('unshare', 'docker-registry', 'nginx', 'podman', 'buildah', 'skopeo', 'openssl');

beforeAll(async () => {
  scene = await openScene(async (ground) => {
    const [forEcr, forGoogle] = await Promise.all([
      startUnder(ground, ECR, 'AWS'),
      startUnder(ground, GOOGLE, 'oauth2accesstoken'),
    ]);
    ecr = forEcr.front;
    google = forGoogle.front;
    authorities = { [ECR]: forEcr.authority, [GOOGLE]: forGoogle.authority };
    tokenServer = await startGoogle(ground);
    const onToken = (token: string): void => {
      ground.canaries.add('the ECR token', token, 'AWS');
    };
    const source = await startEcrSource(ground.workspace, { front: ecr, lifetimeMs: 43_200_000, onToken });
    const parameters = ['--trusted-token-uri', tokenServer.tokenUri, '--ecr-upstream-host', ECR];
    return { hostNames: ADDRESSES, environment: source.environment, parameters };
  });
  await Promise.all([ecr, google].map((front) => front.push(IMAGE)));
  agent = await scene.agent('prod');
});

afterAll(() => scene.end());

function host(): Host {
  const { tokenFile } = agent;
  return scene.host({ environment: 'prod', tokenFile, trust: authorities, hostNames: ADDRESSES });
}

const CLIENTS = [
  ['skopeo', skopeoCopy],
  ['podman', podmanPull],
  ['buildah', buildahPull],
] as const;

describe.runIf(ALL)('ECR', () => {
  it('is known by its name: nothing but the address is needed, and a CA where whoever runs Pullpass allows it', async () => {
    const outcome = await scene.pullpass.cli(['registry', 'add', ECR, '--env', 'prod', '--ca', authorities[ECR]]);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain('login: verified; credential: fresh, 12h');
  });

  it.each(CLIENTS)('is pulled from by %s', async (_, pull) => {
    expect(await pull(host(), `${ECR}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
  });
});

describe.runIf(ALL)("Google's registry", () => {
  const keyText = (): string => JSON.stringify(account.keyFile(tokenServer.tokenUri));

  it('is added with the key file of a service account, which is logged in with', async () => {
    const { private_key: key = '' } = account.keyFile(tokenServer.tokenUri);
    for (const line of key.split('\n').slice(1, 4)) scene.canaries.add('the private key', line);
    const add = ['registry', 'add', GOOGLE, '--env', 'prod', '--ca', authorities[GOOGLE], '--key-file', '-'];
    const outcome = await scene.pullpass.cli(add, { stdin: keyText() });
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain('login: verified; credential: fresh');
  });

  it.each(CLIENTS)('is pulled from by %s, with an access token and never the key', async (_, pull) => {
    expect(await pull(host(), `${GOOGLE}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
  });

  it('gets a new token when the operator asks for it, and hosts have it within 5 seconds', async () => {
    const holder = host();
    const pull = (): ReturnType<typeof skopeoInspect> => skopeoInspect(holder, `${GOOGLE}/${IMAGE}`);
    expect(await pull()).toMatchObject({ exitCode: 0 });
    const renew = async (): Promise<void> => {
      expect(await scene.pullpass.cli(['registry', 'refresh', GOOGLE])).toMatchObject({ exitCode: 0 });
      google.accept(accessTokens.slice(-1));
    };
    const seen = await changeThenTry(renew, pull, succeeded);
    expect(seen.lastUnchangedMs).toBeLessThan(5_000);
    expect(tokenServer.grants).toHaveLength(2);
  });

  it.each([
    ["at an address that is not Google's", 'registry.example', keyText],
    ["that is no service account's", GOOGLE, () => JSON.stringify({ type: 'authorized_user' })],
    ['that names a token endpoint nobody trusts', GOOGLE, () => keyTextFor('http://127.0.0.1:9/token')],
  ])('is refused with a key %s', async (_, address, key) => {
    const attempts = tokenServer.attempts();
    const outcome = await scene.pullpass.cli(['registry', 'add', address, '--key-file', '-'], { stdin: key() });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/^pullpass: (?:source|address)/);
    expect(tokenServer.attempts()).toBe(attempts);
  });

  function keyTextFor(tokenUri: string): string {
    return JSON.stringify(account.keyFile(tokenUri));
  }
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    for (const [index, secret] of tokenServer.secrets.entries()) scene.canaries.add(`Google ${index}`, secret);
    expect(scene.secretsFound()).toEqual([]);
  });
});
