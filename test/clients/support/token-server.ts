/**
 * A registry's token server: answers the three ways in which clients ask (GET with Basic; POST with a password, which
 * containerd uses; POST with a refresh token, for identity tokens) with a JWT that the registry checks by certificate.
 */
import { X509Certificate, createPrivateKey, randomUUID, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Login } from './auth-file.ts';
import type { KeyPair } from './certificates.ts';

export const ISSUER = 'test-issuer';
export const SERVICE = 'test-registry';
const LIFETIME_SECONDS = 300;
const ANYBODY = '(anybody)';

/** Who may have tokens. Changed by the test while the server runs. */
export interface Accounts {
  logins: readonly Login[];
  /** Refresh tokens, each with the user name that it stands for. */
  identityTokens: ReadonlyMap<string, string>;
  /** Repositories that nobody gets access to: a token is given, without it. */
  denied?: readonly string[];
  /** Repositories that anybody may pull, without a login: then whoever brings none gets a token, too. */
  open?: readonly string[];
}

/** One token asked for. Never the secret. */
export interface Grant {
  readonly how: 'basic' | 'password' | 'refresh_token';
  /** Undefined: refused. */
  readonly account: string | undefined;
  readonly scopes: readonly string[];
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function accessOf(scope: string): Access[] {
  const [type, ...rest] = scope.split(':');
  const actions = rest.pop();
  if (type === undefined || type === '' || actions === undefined) return [];
  return [{ type, name: rest.join(':'), actions: actions.split(',') }];
}

/** What of the scopes asked for goes into the token: a token service may give less, and says so nowhere else. */
function granted(accounts: Accounts, { account, scopes }: Grant): Access[] {
  const { denied = [], open = [] } = accounts;
  const isGranted = ({ name }: Access): boolean => (account === ANYBODY ? open : [name]).includes(name);
  return scopes.flatMap(accessOf).filter((access) => isGranted(access) && !denied.includes(access.name));
}

function accountOf(accounts: Accounts, username: string, password: string): string | undefined {
  return accounts.logins.find((login) => login.username === username && login.password === password)?.username;
}

function basicAccount(accounts: Accounts, header: string): string | undefined {
  const decoded = Buffer.from(header.replace(/^Basic /i, ''), 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : accountOf(accounts, decoded.slice(0, colon), decoded.slice(colon + 1));
}

async function decide(accounts: Accounts, request: IncomingMessage): Promise<Grant> {
  if (request.method !== 'POST') {
    const scopes = new URL(request.url ?? '/', 'http://localhost').searchParams.getAll('scope');
    const { authorization } = request.headers;
    const isAnybody = authorization === undefined && accounts.open !== undefined;
    return { how: 'basic', account: isAnybody ? ANYBODY : basicAccount(accounts, authorization ?? ''), scopes };
  }
  const form = new URLSearchParams(await text(request));
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (form.get('grant_type') === 'refresh_token') {
    return { how: 'refresh_token', account: accounts.identityTokens.get(form.get('refresh_token') ?? ''), scopes };
  }
  return {
    how: 'password',
    account: accountOf(accounts, form.get('username') ?? '', form.get('password') ?? ''),
    scopes,
  };
}

interface Signer {
  readonly key: KeyObject;
  /** DER in base64. */
  readonly certificate: string;
}

function tokenFor(grant: Grant, access: readonly Access[], { key, certificate }: Signer): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ iss: ISSUER, sub: grant.account, aud: SERVICE, iat: now, nbf: now - 10, exp: now + LIFETIME_SECONDS },
    jti: randomUUID(),
    access,
  };
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const unsigned = `${encode({ typ: 'JWT', alg: 'RS256', x5c: [certificate] })}.${encode(claims)}`;
  return `${unsigned}.${sign('RSA-SHA256', Buffer.from(unsigned), key).toString('base64url')}`;
}

export interface TokenServer {
  readonly server: Server;
  readonly grants: readonly Grant[];
}

/** Not listening yet. */
export function createTokenServer(keys: KeyPair, accounts: Accounts): TokenServer {
  const key = createPrivateKey(readFileSync(keys.key));
  const certificate = new X509Certificate(readFileSync(keys.certificate)).raw.toString('base64');
  const grants: Grant[] = [];
  const server = createServer((request, response) => {
    void decide(accounts, request).then((grant) => {
      grants.push(grant);
      response.setHeader('content-type', 'application/json');
      if (grant.account === undefined) {
        response.statusCode = 401;
        response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'wrong user name or password' }] }));
        return;
      }
      const token = tokenFor(grant, granted(accounts, grant), { key, certificate });
      response.end(JSON.stringify({ token, access_token: token, expires_in: LIFETIME_SECONDS }));
    });
  });
  return { server, grants };
}
