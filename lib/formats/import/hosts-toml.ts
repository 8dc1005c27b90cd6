/**
 * containerd's `hosts.toml`: how one registry and its mirrors are reached. It has a login only where somebody wrote an
 * Authorization header, and that becomes a registry; the rest is told, with the options that set the same here.
 */
import { hostAddress, parseAddress, splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import { failure, success } from '../../domain/result.ts';
import { commandToAdd } from './adding.ts';
import { readDockerLogin } from './docker-login.ts';
import { addressOf, mirrorFinding } from './host-findings.ts';
import { gatherLogins, type Logins } from './logins.ts';
import { sourceOfLogin } from './login-source.ts';
import { nthEntry } from './shown.ts';
import { itemsOf, membersOf, parseToml } from './structured-text.ts';
import type { LoginOptions, ReadFile } from './wanted.ts';
import { isPlainHttp, optionsFrom, settingsFrom, type WrittenTls } from './written-tls.ts';

type Members = ReadonlyMap<string, unknown>;

export function readHostsToml(text: string, options: LoginOptions): ReadFile {
  const parsed = parseToml(text);
  if (!parsed.ok) return parsed;
  const file = membersOf(parsed.value);
  const hosts = membersOf(file?.get('host') ?? {});
  if (file === undefined || hosts === undefined || !(file.has('server') || file.has('host'))) {
    return failure({ what: 'it is not a hosts.toml of containerd: TOML with "server" or [host."https://…"]' });
  }
  const logins = gatherLogins(options);
  const server = file.get('server');
  if (server !== undefined) readHost({ place: 'server', url: server, fields: file, isMirror: false }, logins);
  for (const [index, [url, fields]] of [...hosts].entries()) {
    const isMirror = addressOf(url) !== addressOf(server);
    const address = addressOf(url);
    const place = address === undefined ? nthEntry(index, 'host') : `host[${JSON.stringify(address)}]`;
    readHost({ place, url, fields: membersOf(fields) ?? new Map<string, unknown>(), isMirror }, logins);
  }
  return success(logins.wanted());
}

interface Host {
  readonly place: string;
  readonly url: unknown;
  readonly fields: Members;
  readonly isMirror: boolean;
}

function readHost({ place, url, fields, isMirror }: Host, logins: Logins): void {
  const { environments } = logins.options;
  const address = parseAddress(addressOf(url) ?? '');
  if (!address.ok) {
    logins.tell({ place, what: 'is no URL of a registry that is known here' });
    return;
  }
  const { canonical } = address.value;
  const written = tlsOf(url, fields);
  const headers = membersOf(fields.get('header'));
  if (headers !== undefined && headers.size > 0) readHeaders({ place, address: canonical, written, headers }, logins);
  else if (isMirror) {
    const finding = mirrorFinding(place, url, environments);
    logins.tell({ ...finding, advice: `${finding.advice ?? ''}${optionsFrom(written)}` });
  } else if (optionsFrom(written) !== '') {
    const command = `${commandToAdd(canonical, environments)}${optionsFrom(written)}`;
    logins.tell({ place, what: 'has no login, and TLS settings belong to one here', advice: `add it: ${command}` });
  }
}

interface Headers {
  readonly place: string;
  readonly address: CanonicalAddress;
  readonly written: WrittenTls;
  readonly headers: Members;
}

const BASIC = /^basic +([^ ]+) *$/i;

/** A header's value is a secret, whatever it is called. */
function readHeaders({ place, address, written, headers }: Headers, logins: Logins): void {
  const { environments } = logins.options;
  const [, value] = [...headers].find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  const text = itemsOf(value)?.[0] ?? value;
  const auth = typeof text === 'string' ? BASIC.exec(text)?.[1] : undefined;
  const login = readDockerLogin({ auth: auth ?? '' });
  if (!login.ok || headers.size > 1) {
    const what = 'has headers of its own, which Pullpass does not send';
    logins.tell({ place, what, advice: `for a login: ${commandToAdd(address, environments)}${optionsFrom(written)}` });
  }
  if (!login.ok) return;
  const at = hostAddress(address);
  const source = sourceOfLogin(at, login.value, environments);
  if (!source.ok) {
    logins.tell({ place, ...source.failure });
    return;
  }
  const { tls, notes } = settingsFrom(written, splitAddress(at).host, logins.options);
  logins.add({ place, address: at, source: source.value.source, tls, notes: [...source.value.notes, ...notes] });
}

function tlsOf(url: unknown, fields: Members): WrittenTls {
  const ca = fields.get('ca');
  return {
    caFiles: itemsOf(ca) ?? (ca === undefined ? [] : [ca]),
    skipVerify: fields.get('skip_verify') === true,
    plainHttp: isPlainHttp(url),
    clientCertificate: fields.has('client'),
  };
}
