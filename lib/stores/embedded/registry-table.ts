/** The registries' table: one row read, written or removed. Transactions are the callers'. */
import { splitAddress } from '../../domain/address.ts';
import type { CredentialRecord } from '../../domain/credential.ts';
import type { Registry } from '../../domain/registry.ts';
import { credentialText, documentText } from '../registry-document.ts';
import type { Database, Row } from './database.ts';
import { registryOf } from './registry-rows.ts';
import { numberOf } from './rows.ts';

export const REGISTRY_COLUMNS = 'ord, revision, document, credential, due_at, claim_id, claim_until';

export interface RegistryTable {
  read(id: string): Registry | undefined;
  onHost(host: string): readonly Registry[];
  insert(registry: Omit<Registry, 'order' | 'revision'>): Registry;
  /** All but the credential. */
  writeSettings(registry: Registry, changed: { readonly environments: boolean }): void;
  /** Only what is not searched by: for a change that leaves source, state, environments and revision as they are. */
  writeDocument(registry: Registry): void;
  writeCredential(order: number, credential: CredentialRecord): void;
  remove(order: number): void;
}

export function registryTable(database: Database): RegistryTable {
  const byId = database.prepare(`SELECT ${REGISTRY_COLUMNS} FROM registries WHERE id = ?`);
  const byHost = database.prepare(`SELECT ${REGISTRY_COLUMNS} FROM registries WHERE host = ? ORDER BY ord DESC`);
  const remove = database.prepare('DELETE FROM registries WHERE ord = ?');
  const document = database.prepare('UPDATE registries SET document = ? WHERE ord = ?');
  const memberships = environmentRows(database);
  const read = (id: string): Registry | undefined => {
    const row = byId.get(id);
    return row === undefined ? undefined : registryOf(row);
  };
  const insert = insertion(database);
  return {
    read,
    onHost: (host) => byHost.all(host).map(registryOf),
    insert: (registry) => {
      if (byId.get(registry.id) !== undefined) throw new Error(`registry ${registry.id} exists already`);
      const order = insert(registry);
      memberships.add(order, registry.environments);
      return { ...registry, order, revision: 1 };
    },
    remove: (order) => {
      remove.run(order);
    },
    writeSettings: settingsWrite(database, memberships),
    writeDocument: (registry) => {
      document.run(documentText(registry), registry.order);
    },
    writeCredential: credentialWrite(database),
  };
}

function insertion(database: Database): (registry: Omit<Registry, 'order' | 'revision'>) => number {
  const statement = database.prepare(
    `INSERT INTO registries
       (id, address, host, kind, state, revision, document, credential, due_at, claim_id, claim_until,
        expires_at, urgent_at)
     VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?) RETURNING ord`,
  );
  return (registry) => {
    const { id, address, source, state, credential } = registry;
    const row: Row =
      statement.get(
        ...[id, address, splitAddress(address).host, source.kind, state, documentText(registry)],
        ...[credentialText(credential), ...credentialColumns(credential)],
      ) ?? {};
    return numberOf(row, 'ord');
  };
}

interface EnvironmentRows {
  add(order: number, environments: readonly string[]): void;
  clear(order: number): void;
}

function environmentRows(database: Database): EnvironmentRows {
  const insert = database.prepare('INSERT OR IGNORE INTO registry_environments (ord, environment) VALUES (?, ?)');
  const clear = database.prepare('DELETE FROM registry_environments WHERE ord = ?');
  return {
    add: (order, environments) => {
      for (const environment of environments) insert.run(order, environment);
    },
    clear: (order) => {
      clear.run(order);
    },
  };
}

function settingsWrite(database: Database, memberships: EnvironmentRows): RegistryTable['writeSettings'] {
  const update = database.prepare(
    'UPDATE registries SET kind = ?, state = ?, revision = ?, document = ? WHERE ord = ?',
  );
  return (registry, changed) => {
    update.run(registry.source.kind, registry.state, registry.revision, documentText(registry), registry.order);
    if (!changed.environments) return;
    memberships.clear(registry.order);
    memberships.add(registry.order, registry.environments);
  };
}

function credentialWrite(database: Database): RegistryTable['writeCredential'] {
  const update = database.prepare(
    `UPDATE registries SET credential = ?, due_at = ?, claim_id = ?, claim_until = ?, expires_at = ?, urgent_at = ?
     WHERE ord = ?`,
  );
  return (order, credential) => {
    update.run(credentialText(credential), ...credentialColumns(credential), order);
  };
}

/** due_at, claim_id, claim_until, expires_at, urgent_at. */
function credentialColumns({ dueAt, claim, current, urgentAt }: CredentialRecord) {
  const expiresAt = current?.expiresAt ?? null;
  return [dueAt ?? null, claim?.id ?? null, claim?.until ?? null, expiresAt, urgentAt ?? null] as const;
}
