/**
 * Google's token endpoint on loopback: it verifies an assertion as Google does (signature by the account's public key,
 * audience, scopes, times) and answers in Google's shapes. Faults are scripted.
 */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jwtVerify } from 'jose';
import { listenOnLoopback } from './listen-on-loopback.ts';

export interface ServiceAccount {
  readonly clientEmail: string;
  readonly publicKey: KeyObject;
  /** A key file as Google gives them out, naming this token endpoint. */
  readonly keyFile: (tokenUri: string) => Readonly<Record<string, string>>;
}

export function createServiceAccount(name = 'puller'): ServiceAccount {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const clientEmail = `${name}@test-project.iam.gserviceaccount.com`;
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const keyFile = (tokenUri: string) => ({
    type: 'service_account',
    project_id: 'test-project',
    private_key_id: randomBytes(20).toString('hex'),
    private_key: pem,
    client_email: clientEmail,
    client_id: '100000000000000000001',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: tokenUri,
    auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(clientEmail)}`,
    universe_domain: 'googleapis.com',
  });
  return { clientEmail, publicKey, keyFile };
}

export type TokenFault =
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly error: string;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: 'answer'; readonly body: string }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' };

export interface TokenGrant {
  readonly clientEmail: string;
  readonly scope: string;
}

export interface GoogleTokenServerOptions {
  readonly accounts: readonly ServiceAccount[];
  /** The address that clients know it by, where something stands in front; left out: its own. */
  readonly audience?: () => string;
  /** The token to give out; left out: one that is new every time, for 3,599 seconds. */
  readonly issue?: (grant: TokenGrant) => { readonly token: string; readonly expiresInSeconds: number };
}

export interface GoogleTokenServer {
  readonly tokenUri: string;
  /** Requests that arrived, whatever came of them. */
  readonly attempts: () => number;
  /** What was granted, in order. */
  readonly grants: TokenGrant[];
  /** Tokens given out and assertions received: what must appear nowhere else. */
  readonly secrets: string[];
  readonly script: (...faults: TokenFault[]) => void;
  readonly always: (fault: TokenFault | undefined) => void;
  readonly close: () => Promise<void>;
}

/** In every error's description: it must not come back out of Pullpass. */
export const GOOGLE_TEXT = 'vendor text about puller@test-project';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export async function startGoogleTokenServer(options: GoogleTokenServerOptions): Promise<GoogleTokenServer> {
  const grants: TokenGrant[] = [];
  const secrets: string[] = [];
  const scripted: TokenFault[] = [];
  let standing: TokenFault | undefined;
  let arrived = 0;
  let tokenUri = '';

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readBody(request));
    arrived += 1;
    const assertion = form.get('assertion') ?? '';
    secrets.push(assertion);
    const fault = scripted.shift() ?? standing;
    if (fault !== undefined) {
      suffer(fault, response);
      return;
    }
    if (request.method !== 'POST' || request.url !== '/token' || form.get('grant_type') !== JWT_BEARER) {
      suffer({ kind: 'error', status: 400, error: 'unsupported_grant_type' }, response);
      return;
    }
    const grant = await verify(assertion, options.accounts, options.audience?.() ?? tokenUri);
    if (grant === undefined) {
      suffer({ kind: 'error', status: 400, error: 'invalid_grant' }, response);
      return;
    }
    grants.push(grant);
    const { token, expiresInSeconds } = (options.issue ?? newToken)(grant);
    secrets.push(token);
    respond(response, 200, JSON.stringify({ access_token: token, expires_in: expiresInSeconds, token_type: 'Bearer' }));
  }

  const { endpoint, close } = await listenOnLoopback(serve);
  tokenUri = `${endpoint}/token`;
  return {
    tokenUri,
    attempts: () => arrived,
    grants,
    secrets,
    script: (...faults) => {
      scripted.push(...faults);
    },
    always: (fault) => {
      standing = fault;
    },
    close,
  };
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
async function verify(
  assertion: string,
  accounts: readonly ServiceAccount[],
  tokenUri: string,
): Promise<TokenGrant | undefined> {
  for (const { clientEmail, publicKey } of accounts) {
    try {
      const { payload } = await jwtVerify(assertion, publicKey, {
        algorithms: ['RS256'],
        issuer: clientEmail,
        audience: tokenUri,
        requiredClaims: ['iat', 'exp', 'scope'],
        maxTokenAge: '1h',
      });
      const { iat = 0, exp = Infinity, scope } = payload;
      const scoped =
        typeof scope === 'string' && /^(?:https:\/\/www\.googleapis\.com\/auth\/[a-z._-]+ ?)+$/.test(scope);
      if (scoped && exp - iat <= 3600) return { clientEmail, scope };
    } catch {
      // Not this account's, or not valid: Google says no more than that either.
    }
  }
  return undefined;
}

/** Google fills its tokens up with dots. */
function newToken(): { readonly token: string; readonly expiresInSeconds: number } {
  return { token: `ya29.c.${randomBytes(48).toString('base64url')}......`, expiresInSeconds: 3599 };
}

function suffer(fault: TokenFault, response: ServerResponse): void {
  switch (fault.kind) {
    case 'hang':
      return;
    case 'drop':
      response.destroy();
      return;
    case 'answer':
      respond(response, 200, fault.body);
      return;
    case 'redirect':
      response.writeHead(307, { location: fault.location }).end();
      return;
    case 'error':
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      respond(response, fault.status, JSON.stringify({ error: fault.error, error_description: GOOGLE_TEXT }));
  }
}

function respond(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
