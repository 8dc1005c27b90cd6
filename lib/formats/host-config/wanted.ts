/** What a host of an environment should be set up for, and what a runtime's files for it are: between service and formats. */
import type { Access } from '../../domain/access-scopes.ts';
import type { CanonicalAddress } from '../../domain/address.ts';
import type { EnvironmentName } from '../../domain/environment-name.ts';
import type { PolicyMode } from '../../domain/policy.ts';
import type { Runtime } from '../../domain/runtime.ts';

/** One host, since files and connections are a host's and not a path's. At most one of the three. */
export interface HostTls {
  /** Canonical `host[:port]`. */
  readonly host: string;
  /** Certificates in PEM, ending with a line feed. */
  readonly ca?: string;
  readonly skipVerify?: true;
  readonly plainHttp?: true;
}

export interface WantedHostConfig {
  readonly environment: EnvironmentName;
  readonly mode: PolicyMode;
  /** Only hosts that need more than HTTPS with the system's authorities. */
  readonly tls: readonly HostTls[];
  /** Every host that a registry is on: for runtimes that have to be told hosts one by one. */
  readonly knownHosts: readonly string[];
  /** What policy says, whatever the mode. */
  readonly policy: Access;
  /** What hosts are to hold: policy in mode enforce, and in every mode that from a deactivated registry nobody pulls. */
  readonly enforced: Access;
  /** Undefined where policy sets none. */
  readonly defaultRegistry: CanonicalAddress | undefined;
  /** Found while this was put together; true whatever the runtime. */
  readonly notes: readonly string[];
}

export interface HostFile {
  readonly path: string;
  /** Octal. */
  readonly mode: '0644';
  readonly content: string;
}

/** How finely a runtime can hold policy with these files. */
export type Enforces = 'nothing' | 'hosts' | 'repositories';

export interface HostConfig {
  readonly runtime: Runtime;
  readonly environment: EnvironmentName;
  readonly enforces: Enforces;
  /** One line each, for a person. */
  readonly notes: readonly string[];
  readonly files: readonly HostFile[];
  /** docker only: what daemon.json has to say. */
  readonly daemon?: { readonly 'insecure-registries': readonly string[] };
}

/** Nothing in it would be used by anybody, so that it fails instead of being cut. */
export interface HostConfigTooLarge {
  readonly kind: 'host_config_too_large';
  readonly reason: string;
}
