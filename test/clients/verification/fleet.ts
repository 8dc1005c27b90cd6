/** The registries that are verified: real ones, each with its own way to log in, and what companies put in front of them. */
import { readFileSync } from 'node:fs';
import type { Login } from '../support/auth-file.ts';
import { selfSigned } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startRegistry } from '../support/registry.ts';
import { startHtpasswdRegistry } from '../support/registry-htpasswd.ts';
import { startTlsRegistry } from '../support/registry-tls.ts';
import { SERVICE } from '../support/token-server.ts';
import { startTokenRegistry, type TokenRegistry } from '../support/registry-token.ts';
import { newLogin, type Scene } from '../support/scene.ts';
import { startSites, type Site } from './nginx.ts';
import { certificateFile } from './peers.ts';

export interface Fleet {
  readonly login: Login;
  /** The same user with another password. */
  readonly wrong: Login;
  readonly open: number;
  readonly htpasswd: number;
  readonly token: TokenRegistry;
  readonly harbor: number;
  readonly ownAuthority: { readonly port: number; readonly authority: string };
  readonly expired: number;
  readonly wrongName: number;
  readonly selfSigned: { readonly port: number; readonly certificate: string };
  readonly clientCertificate: number;
  readonly hanging: number;
  readonly ended: number;
  readonly site: (name: keyof ReturnType<typeof sites>) => number;
}

const ASK_FOR_LOGIN = 'add_header WWW-Authenticate \'Basic realm="any"\' always; return 401;';
const AS_REGISTRY = 'add_header Docker-Distribution-Api-Version registry/2.0 always;';

interface Behind {
  readonly open: number;
  readonly htpasswd: number;
  /** A registry with tokens, and its token server. */
  readonly tokens: { readonly port: number; readonly server: string };
  readonly token: string;
  readonly harbor: number;
  readonly closed: number;
}

/** nginx names its own token service instead of the registry's. */
function askForToken(service: string): string {
  const challenge = `Bearer realm="http://localhost:$server_port/token",service="${service}"`;
  return `proxy_hide_header WWW-Authenticate; add_header WWW-Authenticate '${challenge}' always;`;
}

function sites(behind: Behind) {
  const registry = `proxy_pass http://127.0.0.1:${behind.htpasswd};`;
  const anybody = `proxy_pass http://127.0.0.1:${behind.open}; proxy_set_header Authorization "";`;
  return {
    /** Its token service is on its own host, as Harbor's. */
    harbor: {
      tls: true,
      directives: `location / { proxy_pass http://127.0.0.1:${behind.harbor}; }
        location = /service/token { proxy_pass http://${behind.token}/token; }`,
    },
    /** By its challenge, with a token server that knows nothing of that. */
    calledHarbor: {
      directives: `location / { proxy_pass http://127.0.0.1:${behind.tokens.port}; ${askForToken('harbor-registry')} }
        location = /token { proxy_pass http://${behind.tokens.server}/token?service=${SERVICE}&account=$arg_account; }`,
    },
    forbids: {
      directives: `location / { proxy_pass http://127.0.0.1:${behind.tokens.port}; ${askForToken('any')} }
        location = /token { return 403; }`,
    },
    takesAnyPassword: { directives: `location / { if ($http_authorization = "") { ${ASK_FOR_LOGIN} } ${anybody} }` },
    openBehindLogin: {
      directives: `location = /v2/ { ${registry} } location /v2/public/ { ${anybody} } location / { ${registry} }`,
    },
    openWithoutLogin: { directives: `location = /v2/ { ${anybody} } location / { ${registry} }` },
    listsOnly: { directives: `location / { ${registry} } location ~ /manifests/ { return 403; }` },
    page: { directives: `location / { return 200 "<html>It works</html>"; }` },
    loginPage: { directives: `location / { if ($http_authorization = "") { ${ASK_FOR_LOGIN} } return 200 "<html>"; }` },
    moved: { directives: `location / { return 301 https://elsewhere.test$request_uri; }` },
    badGateway: { directives: `location / { proxy_pass http://127.0.0.1:${behind.closed}; }` },
    shutToUs: { directives: `location / { ${AS_REGISTRY} deny all; }` },
    limited: {
      directives: `location / { limit_req zone=one; limit_req_status 429; add_header Retry-After 30 always; ${registry} }`,
    },
    wantsCertificate: {
      tls: true,
      directives: `ssl_client_certificate ${certificateFile('ca.pem')}; ssl_verify_client on; location / { ${registry} }`,
    },
    overTls: { tls: true, directives: `location / { ${registry} }` },
  } as const satisfies Record<string, Site>;
}

export async function startFleet(scene: Scene): Promise<Fleet> {
  const { workspace } = scene;
  const [login, wrong] = [newLogin(scene, 'anna'), newLogin(scene, 'anna')];
  const withCertificate = async (name: string): Promise<number> => {
    const tls = { certificate: certificateFile(`${name}.pem`), key: certificateFile(`${name}.key`) };
    return (await startRegistry(workspace, { tls })).port;
  };
  const closed = await freePort();
  const own = await selfSigned(workspace, 'client-authority');
  const [open, htpasswd, token, ownAuthority, clientCertificate, hanging, expired, wrongName, selfSignedPort] =
    await Promise.all([
      startRegistry(workspace),
      startHtpasswdRegistry(workspace, [login]),
      startTokenRegistry(workspace, [login]),
      startTlsRegistry(workspace, [login]),
      startRegistry(workspace, {
        tls: {
          certificate: certificateFile('server.pem'),
          key: certificateFile('server.key'),
          clientcas: [own.certificate],
        },
      }),
      startRegistry(workspace),
      withCertificate('expired'),
      withCertificate('wrong-name'),
      withCertificate('self-signed'),
    ]);
  const harborPort = await freePort();
  const behindHarbor = await startTokenRegistry(workspace, [login], {
    realm: `https://localhost:${harborPort}/service/token`,
  });
  hanging.hang();
  const behind = {
    ...{ open: open.port, htpasswd: htpasswd.port, harbor: behindHarbor.port, closed },
    token: behindHarbor.realmAddress,
    tokens: { port: token.port, server: token.realmAddress.replace('localhost', '127.0.0.1') },
  };
  const site = await startSites(workspace, sites(behind), { harbor: harborPort });
  // `team/app` is for logins, `public/app` for everybody, and `team/secret` for nobody.
  await Promise.all([
    ...[htpasswd.push('team/app:1'), open.push('public/app:1'), behindHarbor.push('team/app:1')],
    ...['team/app:1', 'public/app:1', 'team/secret:1'].map((image) => token.push(image)),
  ]);
  token.access.denied = ['team/secret'];
  token.access.open = ['public/app'];
  return {
    ...{ login, wrong, open: open.port, htpasswd: htpasswd.port, token, harbor: harborPort, site },
    ownAuthority: { port: ownAuthority.port, authority: ownAuthority.authority },
    ...{ expired, wrongName, clientCertificate: clientCertificate.port, hanging: hanging.port, ended: closed },
    selfSigned: { port: selfSignedPort, certificate: readFileSync(certificateFile('self-signed.pem'), 'utf8') },
  };
}
