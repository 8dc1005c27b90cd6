/** Gathers the logins of one or several docker configs: each address once, with what was found out on the way. */
import { splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import type { TlsSettings } from '../../domain/registry.ts';
import { shellWord } from './shown.ts';
import {
  NOTHING,
  plainSettings,
  type Finding,
  type LoginOptions,
  type Wanted,
  type WantedRegistry,
  type WantedSource,
} from './wanted.ts';

export interface FoundLogin {
  readonly place: string;
  readonly address: CanonicalAddress;
  readonly source: WantedSource;
  readonly notes: readonly string[];
  /** As the file has it; what the options say for the host comes before. */
  readonly tls?: TlsSettings;
}

export interface Logins {
  readonly options: LoginOptions;
  readonly add: (login: FoundLogin) => void;
  readonly tell: (finding: Finding) => void;
  /** The login that is taken for this address, if one is. */
  readonly at: (address: CanonicalAddress) => FoundLogin | undefined;
  readonly wanted: (remarks?: readonly string[]) => Wanted;
}

export function gatherLogins(options: LoginOptions): Logins {
  const logins = new Map<CanonicalAddress, FoundLogin>();
  const findings: Finding[] = [];
  return {
    options,
    add: (login) => {
      const first = logins.get(login.address);
      if (first === undefined) logins.set(login.address, login);
      else if (!isSame(first.source, login.source)) findings.push(secondLogin(login, first));
    },
    tell: (finding) => {
      findings.push(finding);
    },
    at: (address) => logins.get(address),
    wanted: (remarks = []) => ({
      ...NOTHING,
      registries: [...logins.values()].map((login) => asRegistry(login, options)),
      findings: [...findings, ...unusedTls(options, logins)],
      remarks,
    }),
  };
}

function isSame(some: WantedSource, other: WantedSource): boolean {
  return (
    some.kind === other.kind &&
    JSON.stringify(some.settings) === JSON.stringify(other.settings) &&
    some.secret?.reveal() === other.secret?.reveal()
  );
}

function secondLogin({ place, address }: FoundLogin, first: FoundLogin): Finding {
  return {
    place,
    what: `is a second login for ${address}; the one at ${first.place} is taken`,
    advice: 'take out of the file the one that you do not want; for other environments import a file of its own',
  };
}

function asRegistry(
  { place, address, source, notes, tls: written }: FoundLogin,
  options: LoginOptions,
): WantedRegistry {
  const tls = options.tls.get(splitAddress(address).host) ?? (source.kind === 'static' ? written : undefined);
  return {
    ...{ place, address, source, notes },
    environments: options.environments,
    says: 'login',
    state: 'active',
    settings: plainSettings(tls),
  };
}

/** A name that was typed wrong must not pass for TLS settings that are in force. */
function unusedTls({ tls }: LoginOptions, logins: ReadonlyMap<CanonicalAddress, FoundLogin>): readonly Finding[] {
  const hosts = new Set([...logins.keys()].map((address) => splitAddress(address).host));
  return [...tls.keys()]
    .filter((host) => !hosts.has(host))
    .map((host) => ({ place: `TLS for ${shellWord(host)}`, what: 'is for no login that the file has' }));
}
