/**
 * What a file that is imported asks for, whatever its format: registries, policies, agents, and what of it could not be
 * read as any of these. Not its job: what is there already, and what has to be done about the difference.
 */
import type { CanonicalAddress } from '../../domain/address.ts';
import type { PolicyMode } from '../../domain/policy.ts';
import type { JsonValue, TlsSettings } from '../../domain/registry.ts';
import type { Result } from '../../domain/result.ts';
import type { Secret } from '../../domain/secret.ts';

export const FILE_FORMATS = [
  'pullpass',
  'docker-config',
  'dockerconfigjson',
  'registries-conf',
  'registries-yaml',
  'hosts-toml',
  'daemon-json',
  'rancher-whitelist',
] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** Which `pullpass export` writes and an import reads. */
export const EXPORT_VERSION = 1;

/** Something that is not taken over. Texts of the file are in it only as shown.ts lets them pass. */
export interface Finding {
  /** Where in the file: `auths["quay.io"]`. */
  readonly place: string;
  readonly what: string;
  /** What to do instead. */
  readonly advice?: string;
}

export interface WantedSource {
  readonly kind: string;
  /** Of the fields that source-fields.ts names for the kind, those that the file gives. */
  readonly settings: Readonly<Record<string, JsonValue>>;
  readonly secret?: Secret;
}

export interface WantedSettings {
  readonly tls: TlsSettings;
  readonly probe: string | null;
  readonly trustedRealms: readonly string[];
  readonly email: string | null;
  readonly description: string | null;
  /** As it is written in the file. */
  readonly expiresOn: string | null;
}

export interface WantedRegistry {
  readonly place: string;
  /** In the installation that exported it. */
  readonly id?: string;
  readonly address: CanonicalAddress;
  readonly environments: readonly string[];
  /**
   * `everything`: the registry is to be exactly so. `login`: the file knows a login and no more, which these environments at
   * least are to have; the rest holds for a registry that is added, and says nothing about one that is there.
   */
  readonly says: 'everything' | 'login';
  readonly state: 'active' | 'inactive';
  readonly source: WantedSource;
  readonly settings: WantedSettings;
  readonly notes: readonly string[];
}

export interface WantedException {
  readonly entry: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export const POLICY_LISTS = ['whitelist', 'deny', 'alwaysAllow', 'exceptions'] as const;
export type PolicyListName = (typeof POLICY_LISTS)[number];

export interface WantedPolicy {
  readonly place: string;
  /** The environment's name; undefined: the organisation's. */
  readonly environment: string | undefined;
  /** `everything`: the fields that are given are to be exactly so. `entries`: these are to be in it, and what is there stays. */
  readonly says: 'everything' | 'entries';
  readonly whitelist?: readonly string[] | null;
  readonly deny?: readonly string[];
  readonly alwaysAllow?: readonly string[];
  readonly exceptions?: readonly WantedException[];
  readonly defaultRegistry?: string | null;
  /** Where the policy has another default registry: `keep` that one, or `set` this one in its place. */
  readonly otherDefault?: 'keep' | 'set';
  readonly mode?: PolicyMode | null;
  /** Lists of which the file has entries that cannot be read: taking the rest for all of it must open nothing. */
  readonly partly?: readonly PolicyListName[];
}

export interface WantedAgent {
  readonly place: string;
  readonly id?: string;
  readonly name: string;
  readonly role: string;
  readonly environments: readonly string[];
  readonly export: boolean;
  readonly principal?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

export interface Wanted {
  /** Oldest first: where two are at one address, the later one answers. */
  readonly registries: readonly WantedRegistry[];
  readonly policies: readonly WantedPolicy[];
  readonly agents: readonly WantedAgent[];
  readonly findings: readonly Finding[];
  /** Worth knowing, and nothing to do about. */
  readonly remarks: readonly string[];
}

export const NOTHING: Wanted = { registries: [], policies: [], agents: [], findings: [], remarks: [] };

/** The file as a whole is not what it should be. */
export interface Unreadable {
  readonly what: string;
  readonly advice?: string;
}

export type ReadFile = Result<Wanted, Unreadable>;

/** What the file does not say of the logins in it. */
export interface LoginOptions {
  readonly environments: readonly string[];
  /** By canonical host. */
  readonly tls: ReadonlyMap<string, TlsSettings>;
  /** The certificates in a file that the imported one names; undefined where there are none. Absent: no file is read. */
  readonly readCertificates?: (file: string) => string | undefined;
}

/** What a login is added with. */
export function plainSettings(tls: TlsSettings = {}): WantedSettings {
  return { tls, probe: null, trustedRealms: [], email: null, description: null, expiresOn: null };
}
