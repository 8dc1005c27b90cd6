/** Issued credentials in Secrets Manager, to be read: all that the resolving function has of the vault. */
import type { IssuedCredentials } from '../vault.ts';
import { readVersion, type ReadAccess } from './read-version.ts';
import { readIssued } from './secret-values.ts';

export function secretsManagerIssued(access: ReadAccess): IssuedCredentials {
  return {
    getIssued: async (registryId, version) => {
      const text = await readVersion(access, { registryId, kind: 'issued', version });
      return text === undefined ? undefined : readIssued(text, version);
    },
  };
}
