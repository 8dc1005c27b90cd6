/**
 * `registries.yaml` of k3s and RKE2: logins and TLS by host (`configs`), and mirrors by registry. Logins become registries;
 * mirrors and renaming stay the hosts', and are told.
 */
import { hostAddress, splitAddress } from '../../domain/address.ts';
import { failure, success } from '../../domain/result.ts';
import { addingByHand, commandToAdd } from './adding.ts';
import { readDockerLogin } from './docker-login.ts';
import { addressOf, mirrorFinding } from './host-findings.ts';
import { gatherLogins, type Logins } from './logins.ts';
import { sourceOfLogin } from './login-source.ts';
import { parseServerKey } from './server-key.ts';
import { nthEntry, shownAddress } from './shown.ts';
import { itemsOf, membersOf, parseJson, parseYaml } from './structured-text.ts';
import type { LoginOptions, ReadFile } from './wanted.ts';
import { isPlainHttp, optionsFrom, settingsFrom, type WrittenTls } from './written-tls.ts';

type Members = ReadonlyMap<string, unknown>;
const NONE: Members = new Map();

export function readRegistriesYaml(text: string, options: LoginOptions): ReadFile {
  const json = parseJson(text);
  const documents = json.ok ? success([json.value]) : parseYaml(text);
  if (!documents.ok) return documents;
  const file = membersOf(documents.value[0]);
  const mirrors = sectionOf(file?.get('mirrors'));
  const configs = sectionOf(file?.get('configs'));
  const isOne = documents.value.length === 1 && file !== undefined && (file.has('mirrors') || file.has('configs'));
  if (!isOne || mirrors === undefined || configs === undefined) {
    return failure({ what: 'it is not a registries.yaml: one YAML document with "mirrors" or "configs"' });
  }
  const logins = gatherLogins(options);
  const plainHttp = plainHttpHosts(mirrors);
  for (const [index, [key, config]] of [...configs].entries()) readConfig({ key, config, index, plainHttp }, logins);
  for (const [index, [key, mirror]] of [...mirrors].entries()) readMirror({ key, mirror, index }, logins);
  return success(logins.wanted());
}

/** What is written without a value is empty. */
function sectionOf(value: unknown): Members | undefined {
  return value === undefined || value === null || value === '' ? NONE : membersOf(value);
}

/** Hosts that are reached by `http://` and not by `https://` as well: here the scheme is what the host really uses. */
function plainHttpHosts(mirrors: Members): ReadonlySet<string> {
  const urls = [...mirrors.values()].flatMap(endpointsOf);
  const secure = new Set(urls.filter((url) => !isPlainHttp(url)).map(addressOf));
  return new Set(
    urls
      .filter(isPlainHttp)
      .flatMap((url) => addressOf(url) ?? [])
      .filter((host) => !secure.has(host)),
  );
}

function endpointsOf(mirror: unknown): readonly unknown[] {
  return itemsOf(membersOf(mirror)?.get('endpoint')) ?? [];
}

interface ConfigEntry {
  readonly key: string;
  readonly config: unknown;
  readonly index: number;
  readonly plainHttp: ReadonlySet<string>;
}

function readConfig({ key, config, index, plainHttp }: ConfigEntry, logins: Logins): void {
  const { environments } = logins.options;
  const server = parseServerKey(key);
  if (!server.ok) {
    const what = key === '*' ? 'is for every registry that is not named; here each has its own' : server.failure.rule;
    logins.tell({
      place: nthEntry(index, 'configs'),
      what,
      advice: `add each: ${commandToAdd(undefined, environments)}`,
    });
    return;
  }
  const place = `configs[${JSON.stringify(key)}]`;
  const address = hostAddress(server.value.address);
  const { host } = splitAddress(address);
  const members = sectionOf(config) ?? NONE;
  const written = tlsOf(sectionOf(members.get('tls')) ?? NONE, plainHttp.has(host));
  const auth = sectionOf(members.get('auth')) ?? NONE;
  const login = readDockerLogin({ ...Object.fromEntries(auth), identitytoken: auth.get('identity_token') ?? '' });
  if (!login.ok) {
    const what =
      login.failure.kind === 'empty' ? 'has no login, and TLS settings belong to one here' : login.failure.what;
    logins.tell({ place, what, advice: `${addingByHand(address, environments)}${optionsFrom(written)}` });
    return;
  }
  const source = sourceOfLogin(address, login.value, environments);
  if (!source.ok) {
    logins.tell({ place, ...source.failure });
    return;
  }
  const { tls, notes } = settingsFrom(written, host, logins.options);
  logins.add({ place, address, source: source.value.source, tls, notes: [...source.value.notes, ...notes] });
}

function tlsOf(tls: Members, plainHttp: boolean): WrittenTls {
  const isGiven = (name: string): boolean => (tls.get(name) ?? '') !== '';
  return {
    caFiles: isGiven('ca_file') ? [tls.get('ca_file')] : [],
    skipVerify: isTrue(tls.get('insecure_skip_verify')),
    plainHttp,
    clientCertificate: isGiven('cert_file') || isGiven('key_file'),
  };
}

/** A text, since YAML's scalars are read as the texts that they are. */
function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(?:true|yes|on|y)$/i.test(value));
}

function readMirror(
  { key, mirror, index }: { readonly key: string; readonly mirror: unknown; readonly index: number },
  { tell, options }: Logins,
): void {
  const name = key === '*' ? '"*"' : shownAddress(key);
  const place = name === undefined ? nthEntry(index, 'mirrors') : `mirrors[${name}]`;
  for (const [at, url] of endpointsOf(mirror).entries()) {
    // A registry as its own mirror only says how it is reached.
    if (addressOf(url) === key) continue;
    tell(mirrorFinding(`${place}.endpoint[${at}]`, url, options.environments));
  }
  if ((sectionOf(membersOf(mirror)?.get('rewrite'))?.size ?? 0) === 0) return;
  tell({
    place: `${place}.rewrite`,
    what: 'renames images, which Pullpass does not',
    advice: 'leave this on the hosts',
  });
}
