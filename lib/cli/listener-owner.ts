/**
 * Who listens on a port of this machine. On loopback the server is whoever opened the port first, and any user can open one:
 * a token goes to root's, to the caller's own, or to that of the account that was named.
 *
 * Linux tells every user, in /proc/net/tcp and tcp6 (proc_net_tcp(5)). Where there is no /proc this cannot be known.
 */
import { readFile, stat } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';

const ROOT = 0;
const LISTEN = '0A';

interface Place {
  /** `127.0.0.1` or `::1`. */
  readonly address: string;
  readonly port: number;
}

/** The name of the account, else its number; undefined: it may be trusted, nothing listens, or it cannot be known. */
export async function strangerListeningAt(place: Place, serverUser: string | undefined): Promise<string | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const owners = ownersOf(tables.join('\n'), place);
  if (owners.length === 0) return undefined;
  const { uid: own } = await stat('/proc/self');
  const names = namesIn(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  const nameOf = (uid: number): string => names.get(uid) ?? String(uid);
  const stranger = owners.find(
    (uid) => uid !== ROOT && uid !== own && serverUser !== nameOf(uid) && serverUser !== String(uid),
  );
  return stranger === undefined ? undefined : nameOf(stranger);
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

function namesIn(passwd: string): ReadonlyMap<number, string> {
  const accounts = passwd.split('\n').map((line) => line.split(':'));
  return new Map(accounts.map(([name = '', , uid]) => [Number(uid), name]));
}
