/** The registries' table: one row read, written or removed. Transactions are the callers'. */
import { splitAddress } from '../../domain/address.ts';
import type { CredentialRecord } from '../../domain/credential.ts';
import type { Registry } from '../../domain/registry.ts';
import type { UnreadableRegistry } from '../../domain/unreadable-registry.ts';
import type { BadRows } from '../bad-rows.ts';
import { credentialDocument, credentialDocumentOf, documentOf, registryDocument } from '../registry-document.ts';
import { writeDocument, type StoredTexts } from '../stored-document.ts';
import type { Database, Row } from './database.ts';
import { REGISTRY_COLUMNS, registryOf, unreadableOf } from './registry-rows.ts';
import { documentTexts, numberOf, textOf } from './rows.ts';

/** What is certain of a registry's row, whether the rest of it can be read or not. */
export interface RegistryPlace {
  readonly order: number;
  readonly revision: number;
}

export interface RegistryTable {
  /** Throws `UnreadableRow` where there is one that cannot be read. */
  read(id: string): Registry | undefined;
  place(id: string): RegistryPlace | undefined;
  /** Those that can be read, and the others. */
  readable(rows: readonly Row[]): {
    readonly registries: readonly Registry[];
    readonly unreadable: readonly UnreadableRegistry[];
  };
  onHost(host: string): ReturnType<RegistryTable['readable']>;
  insert(registry: Omit<Registry, 'order' | 'revision'>): Registry;
  /** All but the credential. */
  writeSettings(registry: Registry, changed: { readonly environments: boolean }): void;
  /** Only what is not searched by: for a change that leaves source, state, environments and revision as they are. */
  writeDocument(registry: Registry): void;
  writeCredential(order: number, credential: CredentialRecord): void;
  remove(order: number): void;
}

export function registryTable(database: Database, bad: BadRows): RegistryTable {
  const byId = database.prepare(`SELECT ${REGISTRY_COLUMNS} FROM registries WHERE id = ?`);
  const byHost = database.prepare(`SELECT ${REGISTRY_COLUMNS} FROM registries WHERE host = ? ORDER BY ord DESC`);
  const remove = database.prepare('DELETE FROM registries WHERE ord = ?');
  const memberships = environmentRows(database);
  const parsed = (id: string): Registry | undefined => {
    const row = byId.get(id);
    return row === undefined ? undefined : registryOf(row);
  };
  const readable: RegistryTable['readable'] = (rows) => {
    const registries: Registry[] = [];
    const unreadable: UnreadableRegistry[] = [];
    for (const row of rows) {
      const id = textOf(row, 'id');
      const registry = bad.readable(
        { table: 'registries', id },
        () => registryOf(row),
        () => parsed(id),
      );
      if (registry !== undefined) registries.push(registry);
      else unreadable.push(unreadableOf(row, memberships.of(numberOf(row, 'ord'))));
    }
    return { registries, unreadable };
  };
  const texts = storedTexts(database);
  const insert = insertion(database);
  return {
    read: (id) =>
      bad.throwing(
        { table: 'registries', id },
        () => parsed(id),
        () => parsed(id),
      ),
    place: (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : { order: numberOf(row, 'ord'), revision: numberOf(row, 'revision') };
    },
    readable,
    onHost: (host) => readable(byHost.all(host)),
    insert: (registry) => {
      if (byId.get(registry.id) !== undefined) throw new Error(`registry ${registry.id} exists already`);
      const order = insert(registry);
      memberships.add(order, registry.environments);
      return { ...registry, order, revision: 1 };
    },
    remove: (order) => {
      remove.run(order);
    },
    ...registryWrites(database, { memberships, texts }),
  };
}

type Texts = (order: number, column: 'document' | 'credential') => StoredTexts | undefined;

/** What a document replaces. */
function storedTexts(database: Database): Texts {
  const select = database.prepare(
    'SELECT document, document_later, credential, credential_later FROM registries WHERE ord = ?',
  );
  return (order, column) => {
    const row = select.get(order);
    return row === undefined ? undefined : documentTexts(row, column);
  };
}

function insertion(database: Database): (registry: Omit<Registry, 'order' | 'revision'>) => number {
  const statement = database.prepare(
    `INSERT INTO registries
       (id, address, host, kind, state, revision, document, document_later, credential, credential_later,
        due_at, claim_id, claim_until, expires_at, urgent_at)
     VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ord`,
  );
  return (registry) => {
    const { id, address, source, state, credential } = registry;
    const settings = writeDocument(registryDocument, documentOf(registry));
    const record = writeDocument(credentialDocument, credentialDocumentOf(credential));
    const row: Row =
      statement.get(
        ...[id, address, splitAddress(address).host, source.kind, state, ...columns(settings), ...columns(record)],
        ...credentialColumns(credential),
      ) ?? {};
    return numberOf(row, 'ord');
  };
}

function columns({ document, later }: StoredTexts): readonly [string, string | null] {
  return [document, later ?? null];
}

interface EnvironmentRows {
  of(order: number): readonly string[];
  add(order: number, environments: readonly string[]): void;
  clear(order: number): void;
}

function environmentRows(database: Database): EnvironmentRows {
  const select = database.prepare('SELECT environment FROM registry_environments WHERE ord = ?');
  const insert = database.prepare('INSERT OR IGNORE INTO registry_environments (ord, environment) VALUES (?, ?)');
  const clear = database.prepare('DELETE FROM registry_environments WHERE ord = ?');
  return {
    of: (order) => select.all(order).map((row) => textOf(row, 'environment')),
    add: (order, environments) => {
      for (const environment of environments) insert.run(order, environment);
    },
    clear: (order) => {
      clear.run(order);
    },
  };
}

function registryWrites(
  database: Database,
  { memberships, texts }: { readonly memberships: EnvironmentRows; readonly texts: Texts },
): Pick<RegistryTable, 'writeSettings' | 'writeDocument' | 'writeCredential'> {
  const settings = database.prepare(
    'UPDATE registries SET kind = ?, state = ?, revision = ?, document = ?, document_later = ? WHERE ord = ?',
  );
  const document = database.prepare('UPDATE registries SET document = ?, document_later = ? WHERE ord = ?');
  const record = database.prepare(
    `UPDATE registries SET credential = ?, credential_later = ?, due_at = ?, claim_id = ?, claim_until = ?,
       expires_at = ?, urgent_at = ?
     WHERE ord = ?`,
  );
  const written = (registry: Registry): readonly [string, string | null] =>
    columns(writeDocument(registryDocument, documentOf(registry), texts(registry.order, 'document')));
  return {
    writeSettings: (registry, changed) => {
      const { source, state, revision, order } = registry;
      settings.run(source.kind, state, revision, ...written(registry), order);
      if (!changed.environments) return;
      memberships.clear(order);
      memberships.add(order, registry.environments);
    },
    writeDocument: (registry) => {
      document.run(...written(registry), registry.order);
    },
    writeCredential: (order, credential) => {
      const before = texts(order, 'credential');
      const next = columns(writeDocument(credentialDocument, credentialDocumentOf(credential), before));
      record.run(...next, ...credentialColumns(credential), order);
    },
  };
}

/** due_at, claim_id, claim_until, expires_at, urgent_at. */
function credentialColumns({ dueAt, claim, current, urgentAt }: CredentialRecord) {
  const expiresAt = current?.expiresAt ?? null;
  return [dueAt ?? null, claim?.id ?? null, claim?.until ?? null, expiresAt, urgentAt ?? null] as const;
}
