/** Which Pullpass, with which token, trusting whom: read from the environment; and who listens there, for each request. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../domain/secret.ts';
import { DEFAULT_DATA_DIRECTORY, DEFAULT_PORT } from '../serve/defaults.ts';
import { CommandFailure, usageFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import { listenerAt } from './listener-owner.ts';
import type { Terminal } from './terminal.ts';
import { readTokenFile } from './token-file.ts';

export interface Connection {
  readonly url: URL;
  readonly token: Secret;
  /** For messages: where the token came from. */
  readonly tokenSource: string;
  /** PEM, in place of the system's authorities. */
  readonly ca?: string;
  /** The account that may listen on loopback, besides root and the caller. */
  readonly serverUser?: string | undefined;
}

export const ENVIRONMENT_HELP = `Environment:
  PULLPASS_URL         where Pullpass is; default http://127.0.0.1:${DEFAULT_PORT}
  PULLPASS_TOKEN       the token to use
  PULLPASS_TOKEN_FILE  a file that holds it; with neither, and Pullpass on this machine: ${DEFAULT_DATA_DIRECTORY}/admin-token
  PULLPASS_CA_FILE     certificates (PEM) to trust in place of the system's
  PULLPASS_SERVER_USER  the account that Pullpass runs as, over plain HTTP on this machine; default: root or you
  PULLPASS_INSECURE_HTTP=1  send the token over plain HTTP to another machine all the same`;

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;
/** What a header may hold; also catches a file that is no token. */
const VISIBLE = /^[!-~]+$/;

export async function readConnection(env: Terminal['env'], say: (line: string) => void): Promise<Connection> {
  const url = readUrl(env);
  const [token, ca] = await Promise.all([readToken(env, url, say), readCa(env)]);
  return { url, ...token, ...(ca === undefined ? {} : { ca }), serverUser: setting(env, 'PULLPASS_SERVER_USER') };
}

function readUrl(env: Terminal['env']): URL {
  const text = setting(env, 'PULLPASS_URL') ?? `http://127.0.0.1:${DEFAULT_PORT}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (url === undefined || !isPlain || !['http:', 'https:'].includes(url.protocol)) {
    // Not repeated: it may hold a password.
    throw usageFailure(
      'PULLPASS_URL is no address of a Pullpass',
      'give http(s)://host[:port][/path], without user name, query and fragment',
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url) && env['PULLPASS_INSECURE_HTTP'] !== '1') {
    throw usageFailure(
      `${url.origin} is another machine, and over plain HTTP anybody on the way could read the token`,
      'use https://, or set PULLPASS_INSECURE_HTTP=1 where the way is known to be safe',
    );
  }
  return url;
}

/**
 * The address to connect to; `checked`: look again at that one. Over plain HTTP on loopback what listens there belongs to
 * root, the caller or `serverUser`. Throws `CommandFailure` where it is somebody else's, ECONNREFUSED where nothing
 * listens. Where the system does not say who listens, the host is returned as it is.
 */
export async function checkedAddress(
  { url, serverUser }: Pick<Connection, 'url' | 'serverUser'>,
  checked?: string,
): Promise<string> {
  const host = checked ?? url.hostname.replaceAll(/[[\]]/g, '');
  if (url.protocol !== 'http:' || !isLoopback(url)) return host;
  const port = url.port === '' ? 80 : Number(url.port);
  for (const address of host === 'localhost' ? ['127.0.0.1', '::1'] : [host]) {
    const listener = await listenerAt({ address, port }, serverUser);
    if (listener.kind === 'stranger') throw strangerListens(url, listener.account);
    if (listener.kind === 'trusted') return address;
    if (listener.kind === 'unknown') return host;
  }
  throw Object.assign(new Error('nothing listens there'), { code: 'ECONNREFUSED' });
}

function strangerListens(url: URL, account: string): CommandFailure {
  return new CommandFailure({
    exitCode: EXIT.unavailable,
    what: `what listens at ${url.origin} belongs to the user ${account}, so it gets no token`,
    advice:
      'run Pullpass as root or as yourself, or name the account that it runs as (PULLPASS_SERVER_USER), or use https',
  });
}

function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}

async function readToken(
  env: Terminal['env'],
  url: URL,
  say: (line: string) => void,
): Promise<Pick<Connection, 'token' | 'tokenSource'>> {
  const given = setting(env, 'PULLPASS_TOKEN');
  if (given !== undefined) return checkedToken(given, 'PULLPASS_TOKEN');
  const file = setting(env, 'PULLPASS_TOKEN_FILE');
  if (file !== undefined) {
    return checkedToken(await readTokenFile(file, `PULLPASS_TOKEN_FILE (${file})`), `PULLPASS_TOKEN_FILE (${file})`);
  }
  const fallback = join(DEFAULT_DATA_DIRECTORY, 'admin-token');
  if (!isLoopback(url) || !existsSync(fallback)) {
    throw usageFailure(
      'there is no token to use',
      isLoopback(url)
        ? `run this where \`pullpass serve\` runs, or set PULLPASS_TOKEN_FILE to its admin-token`
        : 'set PULLPASS_TOKEN or PULLPASS_TOKEN_FILE',
    );
  }
  say(`using the administrator's token in ${fallback}`);
  return checkedToken(await readTokenFile(fallback, fallback), fallback);
}

function checkedToken(text: string, tokenSource: string): Pick<Connection, 'token' | 'tokenSource'> {
  const token = text.trim();
  if (!VISIBLE.test(token)) throw usageFailure(`${tokenSource} does not hold a token`, 'a token looks like pp_…_…');
  return { token: new Secret(token), tokenSource };
}

async function readCa(env: Terminal['env']): Promise<string | undefined> {
  const file = setting(env, 'PULLPASS_CA_FILE');
  if (file === undefined) return undefined;
  const pem = await textOf(file, 'PULLPASS_CA_FILE');
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw usageFailure(`PULLPASS_CA_FILE (${file}) holds no certificate`, 'it must be one or more certificates in PEM');
  }
  return pem;
}

async function textOf(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw usageFailure(`${name} (${file}) cannot be read`);
  }
}

/** Set to nothing counts as not set. */
function setting(env: Terminal['env'], name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}
