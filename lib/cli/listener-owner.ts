/**
 * Who listens on a port of this machine. On loopback the server is whoever opened the port first, and any user can open one:
 * a token goes to root's, to the caller's own, or to that of the account that was named.
 *
 * Linux tells every user, in /proc/net/tcp and tcp6 (proc_net_tcp(5)). Where there is no /proc this cannot be known.
 */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import { promisify } from 'node:util';

const ROOT = 0;
const LISTEN = '0A';
/** A list that changes while it is read may miss an entry. */
const LOOKS = 3;
const ID_TIMEOUT_MS = 10_000;

interface Place {
  /** `127.0.0.1` or `::1`. */
  readonly address: string;
  readonly port: number;
}

interface Account {
  readonly name: string;
  readonly uid: number;
}

export type Listener =
  | { readonly kind: 'trusted' | 'nothing' | 'unknown' }
  /** The name of the account, or its number where it has no name. */
  | { readonly kind: 'stranger'; readonly account: string };

/** `serverUser`: the name or number of an account to trust. `unknown`: this system does not say who listens. */
export async function listenerAt(place: Place, serverUser: string | undefined): Promise<Listener> {
  let owners: readonly number[] = [];
  for (let look = 0; look < LOOKS && owners.length === 0; look += 1) {
    const [tcp, tcp6] = await Promise.all([readTable('tcp'), readTable('tcp6')]);
    if (tcp === '') return { kind: 'unknown' };
    owners = ownersOf(`${tcp}\n${tcp6}`, place);
  }
  if (owners.length === 0) return { kind: 'nothing' };
  const { uid: own } = await stat('/proc/self');
  const others = owners.filter((uid) => uid !== ROOT && uid !== own);
  if (others.length === 0) return { kind: 'trusted' };
  const accounts = await localAccounts();
  const trusted = serverUser === undefined ? undefined : await uidOf(serverUser, accounts);
  const stranger = others.find((uid) => uid !== trusted);
  if (stranger === undefined) return { kind: 'trusted' };
  return { kind: 'stranger', account: accounts.find(({ uid }) => uid === stranger)?.name ?? String(stranger) };
}

/** Empty where there is none, or where it may not be read. Any other failure must not pass for that. */
async function readTable(name: 'tcp' | 'tcp6'): Promise<string> {
  try {
    return await readFile(`/proc/net/${name}`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) return '';
    throw error;
  }
}

/** Asks the system for an account that is not local: it may come from a directory (LDAP). Undefined: no such account. */
async function uidOf(account: string, accounts: readonly Account[]): Promise<number | undefined> {
  if (/^\d+$/.test(account)) return Number(account);
  const local = accounts.find(({ name }) => name === account);
  if (local !== undefined) return local.uid;
  try {
    const { stdout } = await promisify(execFile)('id', ['-u', '--', account], { timeout: ID_TIMEOUT_MS });
    return /^\d+\n$/.test(stdout) ? Number(stdout) : undefined;
  } catch {
    return undefined;
  }
}

/** The user ids of what answers there. Of several listeners the kernel takes that of the very address, then one of all. */
export function ownersOf(tables: string, { address, port }: Place): readonly number[] {
  const hexPort = hex(port, 4);
  const listeners = tables
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === LISTEN)
    .map(([, local = '', , , , , , uid]) => ({ local, uid: Number(uid) }));
  for (const forms of formsOf(address)) {
    const found = listeners.filter(({ local }) => forms.some((form) => local === `${form}:${hexPort}`));
    if (found.length > 0) return found.map(({ uid }) => uid);
  }
  return [];
}

const ANY_IPV6 = '0'.repeat(32);
const IPV4_IN_IPV6 = `${'0'.repeat(16)}${word([0, 0, 0xff, 0xff])}`;

/** An address as the tables write it, then what stands for all addresses of its family, then what may stand for all. */
function formsOf(address: string): readonly (readonly string[])[] {
  if (isIPv6(address)) return [[`${'0'.repeat(24)}${word([0, 0, 0, 1])}`], [ANY_IPV6]];
  const own = word(address.split('.').map(Number));
  const any = word([0, 0, 0, 0]);
  return [[own, `${IPV4_IN_IPV6}${own}`], [any, `${IPV4_IN_IPV6}${any}`], [ANY_IPV6]];
}

/** Four bytes, in the order of this machine. */
function word(bytes: readonly number[]): string {
  const ordered = endianness() === 'LE' ? bytes.toReversed() : bytes;
  return ordered.map((byte) => hex(byte, 2)).join('');
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

async function localAccounts(): Promise<readonly Account[]> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const lines = passwd.split('\n').map((line) => line.split(':'));
  return lines.map(([name = '', , uid]) => ({ name, uid: Number(uid) }));
}
