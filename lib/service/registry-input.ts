/**
 * What an administrator may say of a registry, checked: everything but the source, which its kind checks. The document's
 * shape was validated at the edge; here are the rules that a schema cannot say.
 */
import { addressCovers, splitAddress, type CanonicalAddress } from '../domain/address.ts';
import { readCertificates } from '../domain/ca-certificates.ts';
import {
  EVERY_ENVIRONMENT,
  MAX_ENVIRONMENTS,
  parseEnvironmentName,
  TOO_MANY_ENVIRONMENTS,
} from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { parseImageReference } from '../domain/image-reference.ts';
import { parseRealmHost } from '../domain/registry-host.ts';
import type { Registry, TlsSettings } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';

export interface TlsInput {
  readonly ca?: string | undefined;
  readonly skipVerify?: boolean | undefined;
  readonly plainHttp?: boolean | undefined;
}

/** What can be said at creation and changed later. Absent = left as it is; null = taken away. */
export interface RegistrySettingsInput {
  readonly environments?: readonly string[] | undefined;
  readonly tls?: TlsInput | undefined;
  readonly probe?: { readonly repository: string } | null | undefined;
  readonly trustedRealms?: readonly string[] | undefined;
  readonly email?: string | null | undefined;
  readonly description?: string | null | undefined;
}

type Settings = Pick<Registry, 'environments' | 'tls' | 'probe' | 'trustedRealms' | 'email' | 'description'>;

export function applySettings(
  input: RegistrySettingsInput,
  previous: Settings & Pick<Registry, 'address'>,
): Result<Settings, InvalidInput> {
  const environments =
    input.environments === undefined ? success(previous.environments) : parseEnvironments(input.environments);
  if (!environments.ok) return environments;
  const tls = input.tls === undefined ? success(previous.tls) : parseTls(input.tls);
  if (!tls.ok) return tls;
  const realms = input.trustedRealms === undefined ? success(previous.trustedRealms) : parseRealms(input.trustedRealms);
  if (!realms.ok) return realms;
  const probe = input.probe === undefined ? previous.probe : (input.probe ?? undefined);
  if (probe !== undefined && !isRepositoryAt(previous.address, probe.repository)) {
    const rule = 'must be a whole repository name at that address, without host, tag or digest, such as "team/app"';
    return failure(invalidInput('probe.repository', rule));
  }
  const email = input.email === undefined ? previous.email : (input.email ?? undefined);
  const description = input.description === undefined ? previous.description : (input.description ?? undefined);
  return success({
    environments: environments.value,
    tls: tls.value,
    ...(realms.value === undefined || realms.value.length === 0 ? {} : { trustedRealms: realms.value }),
    ...(probe === undefined ? {} : { probe }),
    ...(email === undefined ? {} : { email }),
    ...(description === undefined ? {} : { description }),
  });
}

function parseEnvironments(names: readonly string[]): Result<readonly string[], InvalidInput> {
  if (names.length === 0) {
    return failure(invalidInput('environments', 'must name at least one environment, or "*" for every one'));
  }
  for (const [index, name] of names.entries()) {
    if (name === EVERY_ENVIRONMENT) continue;
    const parsed = parseEnvironmentName(name);
    if (!parsed.ok) return failure(invalidInput(`environments[${index}]`, `${parsed.failure.rule}, or "*"`));
  }
  const distinct = [...new Set(names)];
  if (distinct.length > MAX_ENVIRONMENTS) return failure(invalidInput('environments', TOO_MANY_ENVIRONMENTS));
  return success(distinct);
}

function parseTls(input: TlsInput): Result<TlsSettings, InvalidInput> {
  const { ca, skipVerify, plainHttp } = input;
  const chosen = [ca !== undefined, skipVerify === true, plainHttp === true].filter(Boolean).length;
  if (chosen > 1) {
    return failure(invalidInput('tls', 'takes one of "ca", "skipVerify" and "plainHttp", not several'));
  }
  if (skipVerify === true) return success({ skipVerify: true });
  if (plainHttp === true) return success({ plainHttp: true });
  if (ca === undefined) return success({});
  const certificates = readCertificates(ca);
  if (!certificates.ok) return failure(invalidInput('tls.ca', certificates.failure.rule));
  return success({ ca: certificates.value.join('') });
}

function parseRealms(realms: readonly string[]): Result<readonly string[], InvalidInput> {
  const hosts: string[] = [];
  for (const [index, realm] of realms.entries()) {
    const host = parseRealmHost(realm);
    if (host === undefined) {
      return failure(invalidInput(`trustedRealms[${index}]`, 'must be a host, or host:port, without scheme and path'));
    }
    hosts.push(host);
  }
  return success([...new Set(hosts)]);
}

function isRepositoryAt(address: CanonicalAddress, repository: string): boolean {
  const { host, path } = splitAddress(address);
  const parsed = parseImageReference(`${host}/${repository}`);
  if (!parsed.ok || parsed.value.tag !== undefined || parsed.value.digest !== undefined) return false;
  const named = parsed.value.repository === repository || parsed.value.repository === `library/${repository}`;
  return named && addressCovers({ host, path }, parsed.value);
}
