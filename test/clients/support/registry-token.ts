/** A registry with token authentication, and its token server, as Docker Hub, Harbor and most others have it. */
import type { Login } from './auth-file.ts';
import { selfSigned } from './certificates.ts';
import { freePort } from './free-port.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { createTokenServer, ISSUER, SERVICE, type Accounts, type Grant } from './token-server.ts';
import type { Workspace } from './workspace.ts';

export interface TokenRegistry extends TestRegistry {
  /** `localhost:PORT` of the token server: another host than the registry's as far as realms are concerned. */
  readonly realmAddress: string;
  /** Which repositories may be pulled; changed by the test while the server runs. */
  readonly access: Accounts;
  /** Tokens asked for until now, refused ones included. */
  readonly grants: readonly Grant[];
  /** From now on exactly these get tokens. The first login also pushes. */
  setLogins(logins: readonly [Login, ...Login[]]): void;
  /** Refresh tokens (what a helper returns for the user `<token>`), each with the account it stands for. */
  setIdentityTokens(tokens: ReadonlyMap<string, string>): void;
}

export async function startTokenRegistry(
  workspace: Workspace,
  logins: readonly [Login, ...Login[]],
  options: { /** What its challenge names; its own token server's URL if not given. */ readonly realm?: string } = {},
): Promise<TokenRegistry> {
  const realmPort = await freePort();
  const realmAddress = `localhost:${realmPort}`;
  const keys = await selfSigned(workspace, `token-${realmPort}`);
  const accounts: Accounts = { logins, identityTokens: new Map() };
  let [pusher] = logins;
  const { server, grants } = createTokenServer(keys, accounts);
  await new Promise<void>((resolve) => {
    server.listen(realmPort, '127.0.0.1', resolve);
  });
  workspace.onEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const token = {
    ...{ realm: options.realm ?? `http://${realmAddress}/token`, service: SERVICE, issuer: ISSUER },
    rootcertbundle: keys.certificate,
  };
  const registry = await startRegistry(workspace, { auth: { token }, pusher: () => pusher });
  return {
    ...registry,
    realmAddress,
    access: accounts,
    grants,
    setLogins: (all) => {
      accounts.logins = all;
      [pusher] = all;
    },
    setIdentityTokens: (tokens) => {
      accounts.identityTokens = tokens;
    },
  };
}
