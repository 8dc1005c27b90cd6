/**
 * docker's `config.json`, podman's `auth.json`, and what is in a Kubernetes pull secret: logins by registry, and the names of
 * credential helpers, which keep theirs elsewhere.
 */
import { hostAddress, splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import { parseEcrHost } from '../../domain/ecr-host.ts';
import { failure, success } from '../../domain/result.ts';
import { addingByHand } from './adding.ts';
import { readDockerLogin, type NoLogin } from './docker-login.ts';
import { gatherLogins, type Logins } from './logins.ts';
import { OWN_ECR, sourceOfLogin } from './login-source.ts';
import { parseServerKey, type ServerKey } from './server-key.ts';
import { environmentFlags, nthEntry, shellWord } from './shown.ts';
import { fieldsOf, membersOf, parseJson } from './structured-text.ts';
import type { Finding, LoginOptions, ReadFile } from './wanted.ts';

const NOT_A_CONFIG = { what: 'it is not a docker config: a JSON object with "auths", "credHelpers" or "credsStore"' };
const KEYS = ['auths', 'credHelpers', 'credsStore'] as const;

/** Where a config is, and who it was written for: of a URL with a path docker takes the host, Kubernetes the path as a prefix. */
interface Origin {
  /** Goes before each place: `secret default/pull: `. */
  readonly where: string;
  readonly readBy: 'docker' | 'kubernetes';
}

export function readDockerConfig(text: string, options: LoginOptions): ReadFile {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const logins = gatherLogins(options);
  return collectDockerConfig(parsed.value, { where: '', readBy: 'docker' }, logins)
    ? success(logins.wanted())
    : failure(NOT_A_CONFIG);
}

/** Whether it was a docker config at all. */
export function collectDockerConfig(document: unknown, origin: Origin, logins: Logins): boolean {
  if (!isDockerConfig(document)) return collectOldConfig(membersOf(document), origin, logins);
  const fields = fieldsOf(document, KEYS);
  const store = fields?.get('credsStore');
  const auths = membersOf(fields?.get('auths') ?? {});
  const helpers = membersOf(fields?.get('credHelpers') ?? {});
  if (auths === undefined || helpers === undefined || !['string', 'undefined'].includes(typeof store)) return false;
  const { where } = origin;
  const credsStore = typeof store === 'string' && store !== '' ? store : undefined;
  for (const [index, [key, entry]] of [...auths].entries())
    addAuth({ key, entry, place: placeOf({ where, list: 'auths', key, index }), credsStore, origin }, logins);
  for (const [index, [key, helper]] of [...helpers].entries())
    if (helper !== null && helper !== '')
      addHelper(key, helper, { place: placeOf({ where, list: 'credHelpers', key, index }), logins });
  if (credsStore !== undefined && auths.size === 0 && credsStore !== OWN_HELPER) {
    logins.tell({ place: `${where}credsStore`, ...storeAlone(credsStore, logins.options.environments) });
  }
  return true;
}

/** By its members, whatever is in them. */
export function isDockerConfig(document: unknown): boolean {
  const known = new Set<string>(KEYS.map((key) => key.toLowerCase()));
  return [...(membersOf(document)?.keys() ?? [])].some((key) => known.has(key.toLowerCase()));
}

/** Which registries are meant is in the helper, and what they need follows from which helper it is. */
function storeAlone(store: string, environments: readonly string[]): Omit<Finding, 'place'> {
  const options = OPTIONS_BY_HELPER[store] ?? ' --username NAME';
  return {
    what: `names ${helperWords(store)}, and the file does not say for which registries`,
    advice: `add each: pullpass registry add HOST ${environmentFlags(environments)}${options}`,
  };
}

const OPTIONS_BY_HELPER: Readonly<Record<string, string>> = {
  'ecr-login': '',
  gcloud: ' --key-file FILE',
  gcr: ' --key-file FILE',
};

/** Another name is not shown: it may be a password in the wrong place. */
const KNOWN_HELPERS: ReadonlySet<string> = new Set([
  ...['desktop', 'osxkeychain', 'wincred', 'secretservice', 'pass', 'desktop.exe', 'wincred.exe'],
  ...['ecr-login', 'gcloud', 'gcr', 'acr-env', 'acr-linux', 'gitlab', 'ghcr-login'],
]);

function helperWords(helper: unknown): string {
  return typeof helper === 'string' && KNOWN_HELPERS.has(helper)
    ? `the credential helper "${helper}"`
    : 'a credential helper';
}

/** Kubernetes's `.dockercfg` and docker's before 1.7: what is now in `auths`, without anything around it. */
function collectOldConfig(members: ReadonlyMap<string, unknown> | undefined, origin: Origin, logins: Logins): boolean {
  const looksRight = [...(members?.values() ?? [])].every(
    (entry) => (fieldsOf(entry, ['auth', 'username', 'password'])?.size ?? 0) > 0,
  );
  if (members === undefined || !looksRight || members.size === 0) return false;
  for (const [index, [key, entry]] of [...members].entries())
    addAuth({ key, entry, place: placeOf({ where: origin.where, list: '', key, index }), origin }, logins);
  return true;
}

interface Key {
  readonly where: string;
  readonly list: string;
  readonly key: string;
  readonly index: number;
}

/** By its key only where that is an address. */
function placeOf({ where, list, key, index }: Key): string {
  return `${where}${parseServerKey(key).ok ? `${list}[${JSON.stringify(key)}]` : nthEntry(index, list || 'the file')}`;
}

interface AuthEntry {
  readonly key: string;
  readonly entry: unknown;
  readonly place: string;
  readonly credsStore?: string | undefined;
  readonly origin: Origin;
}

function addAuth({ key, entry, place, credsStore, origin }: AuthEntry, logins: Logins): void {
  const { environments } = logins.options;
  const server = parseServerKey(key);
  if (!server.ok) {
    logins.tell({ place, what: server.failure.rule });
    return;
  }
  const address = addressFor(server.value, origin);
  const login = readDockerLogin(entry);
  if (!login.ok) {
    if (login.failure.kind === 'empty' && credsStore !== undefined) addHelper(key, credsStore, { place, logins });
    else logins.tell({ place, what: wordsOf(login.failure), advice: addingByHand(address, environments) });
    return;
  }
  const source = sourceOfLogin(address, login.value, environments);
  if (!source.ok) logins.tell({ place, ...source.failure });
  else
    logins.add({
      place,
      address,
      source: source.value.source,
      notes: [...source.value.notes, ...notesOn(server.value, origin, logins)],
    });
}

function addressFor({ address, isUrlOfPath }: ServerKey, { readBy }: Origin): CanonicalAddress {
  return readBy === 'docker' && isUrlOfPath ? hostAddress(address) : address;
}

function wordsOf(failed: NoLogin): string {
  return failed.kind === 'empty' ? 'holds no login' : failed.what;
}

function notesOn(
  { address, plainHttp, isUrlOfPath }: ServerKey,
  origin: Origin,
  { options }: Logins,
): readonly string[] {
  const { host } = splitAddress(address);
  const reading =
    origin.readBy === 'docker'
      ? `docker uses this login for all of ${host}, Kubernetes only for images below ${address}`
      : `Kubernetes uses this login only for images below ${address}, docker for all of ${host}`;
  return [
    ...(isUrlOfPath ? [`the file names it by a URL with a path: ${reading}`] : []),
    ...(plainHttp && !options.tls.has(host)
      ? [
          `the file says http://, and is not believed in that: should it speak no TLS, import with --plain-http ${shellWord(host)}`,
        ]
      : []),
  ];
}

const OWN_HELPER = 'pullpass';

/** What a helper would have given is not in the file. ECR's own needs nothing but an identity, which Pullpass has too. */
function addHelper(
  key: string,
  helper: unknown,
  { place, logins }: { readonly place: string; readonly logins: Logins },
): void {
  const server = parseServerKey(key);
  if (!server.ok) {
    logins.tell({ place, what: server.failure.rule });
    return;
  }
  const { address } = server.value;
  if (helper === OWN_HELPER || logins.at(address) !== undefined) return;
  if (parseEcrHost(splitAddress(address).host) !== undefined) {
    const notes = [
      "its tokens are made with Pullpass's own AWS identity; for a role: pullpass registry edit … --role-arn ARN",
    ];
    logins.add({ place, address, source: OWN_ECR, notes });
    return;
  }
  logins.tell({
    place,
    what: `has its login in ${helperWords(helper)}, which only the host can ask`,
    advice: addingByHand(address, logins.options.environments),
  });
}
