/**
 * What every function that refreshes credentials may do: read what to refresh with, store what came of it. Where a
 * registry was deleted meanwhile it removes what it has just stored, which has time to be brought back.
 */
import type { Storage } from '../storage.ts';
import { PARTITIONS, readCatalogue, writeCatalogue } from './catalogue-permissions.ts';
import type { Permission } from './permission.ts';
import { readSecrets, removeSecrets, switchVersions, writeSecrets } from './secret-permissions.ts';

export function refreshRegistries(storage: Storage): readonly Permission[] {
  const { hosts, changes } = PARTITIONS;
  return [
    ...readCatalogue(storage),
    ...writeCatalogue(storage, { PutItem: [...hosts, ...changes], UpdateItem: hosts }),
    ...readSecrets(storage, ['source', 'issued']),
    ...writeSecrets(storage, ['issued']),
    ...switchVersions(storage, ['issued']),
    ...removeSecrets(storage, ['source', 'issued']),
  ];
}
