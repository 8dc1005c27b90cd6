/**
 * The registries that the deployed Pullpass hands out credentials for: one with a password, and ECR and Google under their
 * real names, which take the newest tokens only. What gives out those tokens is the test's own, on loopback.
 */
import { randomBytes } from 'node:crypto';
import type { Login } from '../../clients/support/auth-file.ts';
import { signedByOwnAuthority } from '../../clients/support/certificates.ts';
import { startEcrFront, type EcrFront } from '../../clients/support/ecr-front.ts';
import { startEcrSource, type EcrSource } from '../../clients/support/ecr-source.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from '../../clients/support/registry-htpasswd.ts';
import { newLogin, type Ground } from '../../clients/support/scene.ts';
import {
  createServiceAccount,
  startGoogleTokenServer,
  type GoogleTokenServer,
} from '../../support/google-token-server.ts';
import { ECR } from './deployment-names.ts';

export const IMAGE = 'team/app:1';
export const GOOGLE = 'europe-docker.pkg.dev';
/** Long enough for a refresh at half of it, with a schedule of every ten seconds, and two attempts more. */
export const ECR_LIFETIME_MS = 40_000;

/** Nothing else listens on these loopback addresses. */
const ADDRESSES = { [ECR]: '127.44.5.1', [GOOGLE]: '127.44.5.2' } as const;

export interface DeployedRegistries {
  readonly static: HtpasswdRegistry;
  /** Of the registry with a password. */
  readonly login: Login;
  readonly ecr: { readonly source: EcrSource };
  readonly google: {
    readonly tokens: GoogleTokenServer;
    /** The text of a service account's key file. */
    readonly key: string;
  };
  /** Where the real names lead. */
  readonly hostNames: Readonly<Record<string, string>>;
  /** Files with the certificates of their authorities, by name. */
  readonly authorities: Readonly<Record<keyof typeof ADDRESSES, string>>;
}

export async function startRegistries(ground: Ground): Promise<DeployedRegistries> {
  const login = newLogin(ground, 'anna');
  const [registry, ecr, google] = await Promise.all([
    startHtpasswdRegistry(ground.workspace, [login]),
    startUnder(ground, ECR, 'AWS'),
    startUnder(ground, GOOGLE, 'oauth2accesstoken'),
  ]);
  const [source, accounts] = await Promise.all([
    startEcrTokens(ground, ecr.front),
    startGoogleTokens(ground, google.front),
    ...[registry, ecr.front, google.front].map((each) => each.push(IMAGE)),
  ]);
  return {
    static: registry,
    login,
    ecr: { source },
    google: accounts,
    hostNames: ADDRESSES,
    authorities: { [ECR]: ecr.authority, [GOOGLE]: google.authority },
  };
}

async function startUnder(
  { workspace }: Ground,
  name: keyof typeof ADDRESSES,
  username: string,
): Promise<{ readonly front: EcrFront; readonly authority: string }> {
  const { authority, ...tls } = await signedByOwnAuthority(workspace, name, [`DNS:${name}`]);
  const under = { name, listen: `${ADDRESSES[name]}:443`, tls };
  return { front: await startEcrFront(workspace, [], { username, under }), authority };
}

function startEcrTokens({ workspace, canaries }: Ground, front: EcrFront): Promise<EcrSource> {
  let minted = 0;
  const onToken = (token: string): void => {
    minted += 1;
    canaries.add(`ECR token ${minted}`, token, 'AWS');
  };
  return startEcrSource(workspace, { front, lifetimeMs: ECR_LIFETIME_MS, onToken });
}

/** Google's registry takes the newest two tokens and no other. */
async function startGoogleTokens(
  { workspace, canaries }: Ground,
  front: EcrFront,
): Promise<DeployedRegistries['google']> {
  const given: string[] = [];
  const account = createServiceAccount();
  const tokens = await startGoogleTokenServer({
    accounts: [account],
    issue: () => {
      const token = `ya29.c.${randomBytes(48).toString('base64url')}`;
      canaries.add(`access token ${given.length + 1}`, token, 'oauth2accesstoken');
      given.push(token);
      front.accept(given.slice(-2));
      return { token, expiresInSeconds: 3599 };
    },
  });
  workspace.onEnd(() => tokens.close());
  const key = account.keyFile(tokens.tokenUri);
  for (const line of (key['private_key'] ?? '').split('\n').slice(1, 4)) canaries.add('the private key', line);
  return { tokens, key: JSON.stringify(key) };
}
