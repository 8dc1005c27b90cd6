/**
 * docker's `config.json`, podman's `auth.json`, and what is in a Kubernetes pull secret: logins by registry, and the names of
 * credential helpers, which keep theirs elsewhere.
 */
import { splitAddress } from '../../domain/address.ts';
import { parseEcrHost } from '../../domain/ecr-host.ts';
import { failure, success } from '../../domain/result.ts';
import { readDockerLogin, type NoLogin } from './docker-login.ts';
import { gatherLogins, type Logins } from './logins.ts';
import { googleAdvice, OWN_ECR, sourceOfLogin } from './login-source.ts';
import { parseServerKey, type ServerKey } from './server-key.ts';
import { environmentFlags, nthEntry, shellWord, shown } from './shown.ts';
import { membersOf, parseJson } from './structured-text.ts';
import type { LoginOptions, ReadFile } from './wanted.ts';

const NOT_A_CONFIG = { what: 'it is not a docker config: a JSON object with "auths", "credHelpers" or "credsStore"' };
const KEYS = ['auths', 'credHelpers', 'credsStore'];

export function readDockerConfig(text: string, options: LoginOptions): ReadFile {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const logins = gatherLogins(options);
  return collectDockerConfig(parsed.value, '', logins) ? success(logins.wanted()) : failure(NOT_A_CONFIG);
}

/** @param where goes before each place: `secret default/pull: `. Whether it was a docker config at all. */
export function collectDockerConfig(document: unknown, where: string, logins: Logins): boolean {
  const members = membersOf(document);
  if (members === undefined) return false;
  if (!KEYS.some((key) => members.has(key))) return collectOldConfig(members, where, logins);
  const store = members.get('credsStore');
  const auths = membersOf(members.get('auths') ?? {});
  const helpers = membersOf(members.get('credHelpers') ?? {});
  if (auths === undefined || helpers === undefined || !['string', 'undefined'].includes(typeof store)) return false;
  const credsStore = typeof store === 'string' && store !== '' ? store : undefined;
  for (const [index, [key, entry]] of [...auths].entries())
    addAuth({ key, entry, place: placeOf({ where, list: 'auths', key, index }), credsStore }, logins);
  for (const [index, [key, helper]] of [...helpers].entries())
    addHelper(key, helper, { place: placeOf({ where, list: 'credHelpers', key, index }), logins });
  if (credsStore !== undefined && auths.size === 0 && credsStore !== OWN_HELPER) {
    logins.tell({
      place: `${where}credsStore`,
      what: `names the credential helper ${shown(credsStore)}, and the file does not say for which registries`,
      advice: `add each: pullpass registry add HOST ${environmentFlags(logins.options.environments)} --username NAME`,
    });
  }
  return true;
}

/** Kubernetes's `.dockercfg` and docker's before 1.7: what is now in `auths`, without anything around it. */
function collectOldConfig(members: ReadonlyMap<string, unknown>, where: string, logins: Logins): boolean {
  const looksRight = [...members.values()].every((entry) => {
    const fields = membersOf(entry);
    return fields !== undefined && ['auth', 'username', 'password'].some((field) => fields.has(field));
  });
  if (!looksRight || members.size === 0) return false;
  for (const [index, [key, entry]] of [...members].entries())
    addAuth({ key, entry, place: placeOf({ where, list: '', key, index }) }, logins);
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
  return `${where}${parseServerKey(key).ok ? `${list}[${shown(key)}]` : nthEntry(index, list || 'the file')}`;
}

interface AuthEntry {
  readonly key: string;
  readonly entry: unknown;
  readonly place: string;
  readonly credsStore?: string | undefined;
}

function addAuth({ key, entry, place, credsStore }: AuthEntry, logins: Logins): void {
  const { environments } = logins.options;
  const server = parseServerKey(key);
  if (!server.ok) {
    logins.tell({ place, what: server.failure.rule });
    return;
  }
  const { address } = server.value;
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
      notes: [...source.value.notes, ...notesOn(server.value, logins)],
    });
}

function wordsOf(failed: NoLogin): string {
  return failed.kind === 'empty' ? 'holds no login' : failed.what;
}

function addingByHand(address: string, environments: readonly string[]): string {
  return `add it by hand: pullpass registry add ${shellWord(address)} ${environmentFlags(environments)} --username NAME`;
}

function notesOn({ address, plainHttp }: ServerKey, { options }: Logins): readonly string[] {
  const { host } = splitAddress(address);
  if (!plainHttp || options.tls.has(host)) return [];
  return [
    `the file says http://, and is not believed in that: should it speak no TLS, import with --plain-http ${shellWord(host)}`,
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
  const isEcr = parseEcrHost(splitAddress(address).host) !== undefined;
  if (helper === 'ecr-login' && isEcr) {
    const notes = [
      "its tokens are made with Pullpass's own AWS identity; for a role: pullpass registry edit … --role-arn ARN",
    ];
    logins.add({ place, address, source: OWN_ECR, notes });
    return;
  }
  const { environments } = logins.options;
  const isGoogle = helper === 'gcloud' || helper === 'gcr';
  logins.tell({
    place,
    what: `has its login in the credential helper ${shown(String(helper))}, which only the host can ask`,
    advice: isGoogle ? googleAdvice(address, environments) : addingByHand(address, environments),
  });
}
