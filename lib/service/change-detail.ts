/**
 * What the audit trail says of a change to a registry: enough to understand it a year later, in a few hundred characters.
 *
 * Changes stay for good. So nothing of a source but the names of its fields is said, not even the user name, in whose place a
 * password is typed every now and then; and of what people write freely (description, e-mail) only that it is another.
 */
import { EVERY_ENVIRONMENT } from '../domain/environment-name.ts';
import type { Registry, TlsSettings } from '../domain/registry.ts';
import type { RegistryEdit } from './edit-registry.ts';

type Settings = Pick<
  Registry,
  'environments' | 'tls' | 'trustedRealms' | 'probe' | 'email' | 'description' | 'expiresOn'
>;

/** Of a registry as a whole: at its beginning and at its end. */
export function registryDetail({
  address,
  source,
  environments,
}: Pick<Registry, 'address' | 'source' | 'environments'>): string {
  return `${address} (${source.kind}) for ${nameList(environments)}`;
}

/** Fields that were sent and are as they were are left out. */
export function editDetail(edit: RegistryEdit, previous: Settings, next: Settings): string {
  const parts = [
    changed('environments', environmentsChange(previous.environments, next.environments)),
    changed('tls', fromTo(tlsWord(previous.tls), tlsWord(next.tls)) ?? otherCertificate(previous.tls, next.tls)),
    changed('probe', fromTo(previous.probe?.repository ?? NONE, next.probe?.repository ?? NONE)),
    changed('trusted realms', fromTo(nameList(previous.trustedRealms ?? []), nameList(next.trustedRealms ?? []))),
    changed('expires on', fromTo(previous.expiresOn ?? NONE, next.expiresOn ?? NONE)),
    ...(previous.email === next.email ? [] : ['e-mail']),
    ...(previous.description === next.description ? [] : ['description']),
    ...(edit.source === undefined ? [] : [sourceFields(edit.source)]),
    ...(edit.verify === true ? ['logged in anew'] : []),
    ...(edit.verify === false ? ['not logged in'] : []),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'nothing is another' : parts.join('; ');
}

const NONE = 'none';
const LONGEST_LIST = 120;

function changed(field: string, change: string | undefined): string | undefined {
  return change === undefined ? undefined : `${field}: ${change}`;
}

function fromTo(from: string, to: string): string | undefined {
  return from === to ? undefined : `${from} -> ${to}`;
}

/** Two long lists side by side show nobody the difference, and would be cut where it is. */
function environmentsChange(previous: readonly string[], next: readonly string[]): string | undefined {
  const from = inOrder(previous).join(', ');
  const to = inOrder(next).join(', ');
  if (from.length <= LONGEST_LIST && to.length <= LONGEST_LIST) return fromTo(from, to);
  const came = next.filter((name) => !previous.includes(name));
  const went = previous.filter((name) => !next.includes(name));
  if (came.length + went.length === 0) return undefined;
  return [
    ...(came.length === 0 ? [] : [`with ${nameList(came)}`]),
    ...(went.length === 0 ? [] : [`without ${nameList(went)}`]),
  ].join(', ');
}

function inOrder(environments: readonly string[]): readonly string[] {
  return [...environments].sort(
    (left, right) =>
      Number(left === EVERY_ENVIRONMENT) - Number(right === EVERY_ENVIRONMENT) || (left < right ? -1 : 1),
  );
}

function nameList(names: readonly string[]): string {
  if (names.length === 0) return NONE;
  const shown: string[] = [];
  let length = 0;
  for (const name of inOrder(names)) {
    length += name.length + 2;
    if (length > LONGEST_LIST && shown.length > 0) break;
    shown.push(name);
  }
  const left = names.length - shown.length;
  return left === 0 ? shown.join(', ') : `${shown.join(', ')} and ${left} more`;
}

function tlsWord({ ca, skipVerify, plainHttp }: TlsSettings): string {
  if (plainHttp === true) return 'plain HTTP';
  if (skipVerify === true) return 'certificates not verified';
  return ca === undefined ? "the system's authorities" : 'its own authority';
}

function otherCertificate(previous: TlsSettings, next: TlsSettings): string | undefined {
  return previous.ca === next.ca ? undefined : 'another authority of its own';
}

/** Names only, which its kind has accepted. */
function sourceFields(source: unknown): string {
  const names =
    typeof source === 'object' && source !== null ? Object.keys(source).filter((name) => name !== 'kind') : [];
  return names.length === 0 ? 'source' : `source (${names.join(', ')})`;
}
