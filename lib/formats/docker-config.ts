/** A docker `config.json`. Keys: a host as docker names it, or `host/path` where a registry is for one path only. */
import { dockerConfigKey, splitAddress, type CanonicalAddress } from '../domain/address.ts';
import type { Credential } from '../domain/credential.ts';

interface ConfiguredRegistry {
  readonly registry: { readonly address: CanonicalAddress };
  readonly credential: Pick<Credential, 'username' | 'password'>;
}

interface AuthEntry {
  readonly username: string;
  readonly password: string;
  readonly auth: string;
}

/** Writes `username`, `password` and `auth`: some readers use only the one, some only the other. */
export function dockerConfig(registries: readonly ConfiguredRegistry[]): {
  readonly auths: Readonly<Record<string, AuthEntry>>;
} {
  const auths = registries.map(({ registry, credential }) => {
    const { host, path } = splitAddress(registry.address);
    const key = path === '' ? dockerConfigKey(host) : `${host}/${path}`;
    const username = credential.username;
    const password = credential.password.reveal();
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    return [key, { username, password, auth }] as const;
  });
  return { auths: Object.fromEntries(auths) };
}
