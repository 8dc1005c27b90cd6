/** A registry behind TLS whose certificate is signed by an authority that nobody knows beforehand. */
import { readFileSync } from 'node:fs';
import type { Login } from './auth-file.ts';
import { signedByOwnAuthority } from './certificates.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './registry-htpasswd.ts';
import type { Workspace } from './workspace.ts';

export interface TlsRegistry extends HtpasswdRegistry {
  /** Path of the authority's certificate, for a host's `trust`. */
  readonly authorityFile: string;
  /** The same as PEM text, for a registry's `tls.ca`. */
  readonly authority: string;
}

export async function startTlsRegistry(
  workspace: Workspace,
  logins: readonly [Login, ...Login[]],
): Promise<TlsRegistry> {
  const { authority, certificate, key } = await signedByOwnAuthority(workspace, 'registry');
  const registry = await startHtpasswdRegistry(workspace, logins, { tls: { certificate, key } });
  return { ...registry, authorityFile: authority, authority: readFileSync(authority, 'utf8') };
}
