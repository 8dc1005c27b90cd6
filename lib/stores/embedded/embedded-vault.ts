/**
 * The vault in one SQLite file: every value sealed with the key file's key, bound to its registry, kind and version.
 */
import * as z from 'zod/mini';

import type { Credential } from '../../domain/credential.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { Secret } from '../../domain/secret.ts';
import type { BadRows } from '../bad-rows.ts';
import { parseJson, UnreadableRow } from '../stored-json.ts';
import type { Vault } from '../vault.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Database } from './database.ts';
import { numberOf, textOf } from './rows.ts';
import { seal, unseal, type SealedFor } from './sealing.ts';

/** `rank`: what `settle` made of a version; `pending` until then. `seq` says which was put first. */
export const VAULT_MIGRATIONS: readonly string[] = [
  `CREATE TABLE secrets (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     registry_id TEXT NOT NULL,
     kind TEXT NOT NULL,
     version TEXT NOT NULL,
     rank TEXT NOT NULL DEFAULT 'pending' CHECK (rank IN ('pending', 'current', 'previous')),
     sealed BLOB NOT NULL,
     UNIQUE (registry_id, kind, version)
   ) STRICT;
   CREATE TABLE key_check (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL) STRICT`,
];

/** As CATALOGUE_ADDITIONS. */
export const VAULT_ADDITIONS: readonly string[] = [
  `CREATE TABLE orphans (registry_id TEXT PRIMARY KEY, since REAL NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE installation (id TEXT NOT NULL) STRICT`,
];

type Kind = 'source' | 'issued';

const CHECK_TEXT = 'this key opens this vault';
const CHECK_FOR = ['key-check'];

const sourceText = z.tuple([z.string()]);
const issuedText = z.object({
  username: z.string(),
  password: z.string(),
  issuedAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
});

interface VaultParts {
  readonly key: Uint8Array;
  readonly commits: CommitQueue;
  readonly bad: BadRows;
}

/** Anything here that only its key opens? */
export function hasSealedData(database: Database): boolean {
  return database.prepare('SELECT 1 FROM key_check').get() !== undefined;
}

export function hasSecrets(database: Database): boolean {
  return database.prepare('SELECT 1 FROM secrets LIMIT 1').get() !== undefined;
}

/** Which catalogue its registries are in. */
export function readVaultInstallation(database: Database): string | undefined {
  const row = database.prepare('SELECT id FROM installation').get();
  return row === undefined ? undefined : textOf(row, 'id');
}

export function writeVaultInstallation(database: Database, id: string): void {
  database.transaction(() => {
    database.prepare('DELETE FROM installation').run();
    database.prepare('INSERT INTO installation (id) VALUES (?)').run(id);
  });
}

/** `key` is proven against what the first use of the vault left there, so that a wrong one is found now and not later. */
export function openVault(database: Database, parts: VaultParts): Result<Vault, 'wrong_key'> {
  const { key } = parts;
  const check = database.prepare('SELECT sealed FROM key_check').get();
  if (check === undefined) {
    database.prepare('INSERT INTO key_check VALUES (1, ?)').run(seal(key, CHECK_TEXT, CHECK_FOR));
  } else if (unsealed(key, check['sealed'], CHECK_FOR) !== CHECK_TEXT) {
    // It may be the check itself that is damaged.
    if (!opensAny(database, key)) return failure('wrong_key');
    database.prepare('UPDATE key_check SET sealed = ?').run(seal(key, CHECK_TEXT, CHECK_FOR));
  }
  return success(vaultOn(database, parts));
}

function opensAny(database: Database, key: Uint8Array): boolean {
  return database
    .prepare('SELECT registry_id, kind, version, sealed FROM secrets ORDER BY seq DESC LIMIT 100')
    .all()
    .some((row) => {
      const place = [textOf(row, 'registry_id'), textOf(row, 'kind'), textOf(row, 'version')];
      return unsealed(key, row['sealed'], place) !== undefined;
    });
}

function unsealed(key: Uint8Array, sealed: unknown, belongsTo: SealedFor): string | undefined {
  return sealed instanceof Uint8Array ? unseal(key, sealed, belongsTo) : undefined;
}

function vaultOn(database: Database, { key, commits, bad }: VaultParts): Vault {
  const write = async (work: () => void): Promise<void> => {
    await commits.commit(database, work);
  };
  const values = sealedValues(database, key, bad);
  const settleKind = settling(database);
  const remove = database.prepare('DELETE FROM secrets WHERE registry_id = ?');
  const prune = database.prepare(
    `DELETE FROM secrets WHERE registry_id = ?
     AND ((kind = 'source' AND version <> ? AND (rank <> 'previous' OR ? = ''))
       OR (kind = 'issued' AND version <> ? AND rank <> 'previous'))`,
  );
  const orphans = database.prepare('SELECT registry_id, since FROM orphans');
  const aside = database.prepare('INSERT OR REPLACE INTO orphans (registry_id, since) VALUES (?, ?)');
  const back = database.prepare('DELETE FROM orphans WHERE registry_id = ?');
  const ids = database.prepare('SELECT DISTINCT registry_id FROM secrets ORDER BY registry_id');
  return {
    putSource: async (registryId, version, secret) => {
      await write(() => {
        values.put({ registryId, kind: 'source', version }, JSON.stringify([secret.reveal()]));
      });
    },
    getSource: async (registryId, version) => {
      const value = values.get({ registryId, kind: 'source', version }, sourceText);
      return value === undefined ? undefined : new Secret(value[0]);
    },
    putIssued: async (registryId, { version, password, ...rest }) => {
      const text = JSON.stringify({ ...rest, password: password.reveal() });
      await write(() => {
        values.put({ registryId, kind: 'issued', version }, text);
      });
    },
    getIssued: async (registryId, version): Promise<Credential | undefined> => {
      const issued = values.get({ registryId, kind: 'issued', version }, issuedText);
      if (issued === undefined) return undefined;
      return { ...issued, password: new Secret(issued.password), version };
    },
    settle: async (registryId, { sourceVersion, issuedVersion }) => {
      await write(() => {
        if (sourceVersion !== undefined) settleKind({ registryId, kind: 'source', version: sourceVersion });
        if (issuedVersion !== undefined) settleKind({ registryId, kind: 'issued', version: issuedVersion });
      });
    },
    prune: async (registryId, { sourceVersion, issuedVersion }) => {
      await write(() => {
        prune.run(registryId, sourceVersion ?? '', sourceVersion ?? '', issuedVersion ?? '');
      });
    },
    remove: async (registryId) => {
      await write(() => {
        remove.run(registryId);
        back.run(registryId);
      });
    },
    registryIds: async () => ids.all().map((row) => textOf(row, 'registry_id')),
    orphans: async () => new Map(orphans.all().map((row) => [textOf(row, 'registry_id'), numberOf(row, 'since')])),
    setAside: async (registryId, since) => {
      aside.run(registryId, since);
    },
    takeBack: async (registryId) => {
      back.run(registryId);
    },
  };
}

interface Place {
  readonly registryId: string;
  readonly kind: Kind;
  readonly version: string;
}

function sealedValues(database: Database, key: Uint8Array, bad: BadRows) {
  const insert = database.prepare(
    `INSERT INTO secrets (registry_id, kind, version, sealed) VALUES (?, ?, ?, ?)
     ON CONFLICT (registry_id, kind, version) DO UPDATE SET sealed = excluded.sealed`,
  );
  const select = database.prepare('SELECT sealed FROM secrets WHERE registry_id = ? AND kind = ? AND version = ?');
  return {
    put: ({ registryId, kind, version }: Place, text: string): void => {
      insert.run(registryId, kind, version, seal(key, text, [registryId, kind, version]));
    },
    get: <Value>({ registryId, kind, version }: Place, schema: z.ZodMiniType<Value>): Value | undefined => {
      const read = (): Value | undefined => {
        const row = select.get(registryId, kind, version);
        if (row === undefined) return undefined;
        const text = unsealed(key, row['sealed'], [registryId, kind, version]);
        if (text === undefined) throw new UnreadableRow();
        return parseJson(schema, text);
      };
      return bad.throwing({ table: 'secrets', id: `${registryId} ${kind}` }, read, read);
    },
  };
}

/** Versions put after the one that settles stay: somebody is about to point the catalogue at them. */
function settling(database: Database): (place: Place) => void {
  const find = database.prepare('SELECT seq, rank FROM secrets WHERE registry_id = ? AND kind = ? AND version = ?');
  const demote = database.prepare(
    `UPDATE secrets SET rank = CASE rank WHEN 'current' THEN 'previous' ELSE 'pending' END
     WHERE registry_id = ? AND kind = ? AND rank <> 'pending'`,
  );
  const promote = database.prepare(`UPDATE secrets SET rank = 'current' WHERE seq = ?`);
  const forget = database.prepare(
    `DELETE FROM secrets WHERE registry_id = ? AND kind = ? AND seq < ? AND rank = 'pending'`,
  );
  return ({ registryId, kind, version }) => {
    const found = find.get(registryId, kind, version);
    if (found === undefined || typeof found['seq'] !== 'number') return;
    if (found['rank'] !== 'current') {
      demote.run(registryId, kind);
      promote.run(found['seq']);
    }
    forget.run(registryId, kind, found['seq']);
  };
}
