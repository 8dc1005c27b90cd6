/**
 * The embedded catalogue's tables. What is only read back lies in JSON documents; what is searched by lies in columns.
 *
 * AUTOINCREMENT, not a plain rowid: a number is never given out twice, not even after the newest row was deleted. Times
 * are REAL, because a due time may be a fraction of a millisecond and must be read back as it was.
 */

/** Entry n brings the schema from version n to n + 1. Entries that were released never change. */
export const CATALOGUE_MIGRATIONS: readonly string[] = [
  `CREATE TABLE installation (id TEXT NOT NULL) STRICT;

   CREATE TABLE registries (
     ord INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     address TEXT NOT NULL,
     host TEXT NOT NULL,
     kind TEXT NOT NULL,
     state TEXT NOT NULL,
     revision INTEGER NOT NULL,
     document TEXT NOT NULL,
     credential TEXT NOT NULL,
     due_at REAL,
     claim_id TEXT,
     claim_until REAL,
     expires_at REAL,
     urgent_at REAL
   ) STRICT;
   CREATE INDEX registries_by_address ON registries (address);
   CREATE INDEX registries_by_host ON registries (host);
   CREATE INDEX registries_by_kind ON registries (kind);
   CREATE INDEX registries_inactive ON registries (ord) WHERE state = 'inactive';
   CREATE INDEX registries_due ON registries (kind, due_at) WHERE state = 'active' AND due_at IS NOT NULL;
   CREATE INDEX registries_expiring ON registries (kind, expires_at) WHERE state = 'active' AND expires_at IS NOT NULL;

   CREATE INDEX registries_urgent ON registries (urgent_at) WHERE state = 'active' AND urgent_at IS NOT NULL;

   CREATE TABLE registry_environments (
     ord INTEGER NOT NULL REFERENCES registries ON DELETE CASCADE,
     environment TEXT NOT NULL,
     PRIMARY KEY (ord, environment)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX registry_environments_by_name ON registry_environments (environment, ord);

   CREATE TABLE policies (
     scope TEXT NOT NULL PRIMARY KEY,
     document TEXT NOT NULL,
     revision INTEGER NOT NULL,
     updated_at REAL NOT NULL
   ) STRICT;

   CREATE TABLE agents (
     seq INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     created_at REAL NOT NULL,
     document TEXT NOT NULL
   ) STRICT;
   CREATE INDEX agents_by_age ON agents (created_at, id);

   CREATE TABLE agent_environments (
     seq INTEGER NOT NULL REFERENCES agents ON DELETE CASCADE,
     environment TEXT NOT NULL,
     PRIMARY KEY (seq, environment)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX agent_environments_by_name ON agent_environments (environment);

   CREATE TABLE audit (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     type TEXT NOT NULL,
     environment TEXT,
     entry TEXT NOT NULL
   ) STRICT;
   CREATE INDEX audit_changes ON audit (seq) WHERE type = 'change';
   CREATE INDEX audit_by_environment ON audit (environment) WHERE environment IS NOT NULL`,

  `ALTER TABLE agents ADD COLUMN principal TEXT;
   CREATE INDEX agents_with_principal ON agents (created_at, id) WHERE principal IS NOT NULL`,

  // What was recorded before there was the column is found by it, too.
  `ALTER TABLE audit ADD COLUMN subject TEXT;
   UPDATE audit SET subject = json_extract(entry, '$.subject') WHERE type = 'change' AND json_valid(entry);
   CREATE INDEX audit_by_subject ON audit (subject) WHERE subject IS NOT NULL`,
];

/**
 * What the version before this one works on without noticing: columns that may be empty, tables that it does not know. It still
 * opens the file, and goes on where this version stopped. What it would notice is a migration.
 */
export const CATALOGUE_ADDITIONS: readonly string[] = [
  // The later fields of documents, see stored-document.ts.
  `ALTER TABLE registries ADD COLUMN document_later TEXT;
   ALTER TABLE registries ADD COLUMN credential_later TEXT;
   ALTER TABLE policies ADD COLUMN document_later TEXT;
   ALTER TABLE agents ADD COLUMN document_later TEXT;
   ALTER TABLE audit ADD COLUMN entry_later TEXT;
   ALTER TABLE installation ADD COLUMN since REAL`,
];
