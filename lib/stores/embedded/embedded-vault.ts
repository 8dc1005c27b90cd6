/**
 * The vault in one SQLite file: every value sealed with the key file's key, bound to its registry, kind and version.
 */
import * as z from 'zod/mini';

import type { Credential } from '../../domain/credential.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { Secret } from '../../domain/secret.ts';
import { StoreUnavailable } from '../catalogue.ts';
import { parseJson } from '../stored-json.ts';
import type { Vault } from '../vault.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Database } from './database.ts';
import { seal, unseal } from './sealing.ts';

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

type Kind = 'source' | 'issued';

const CHECK_TEXT = 'this key opens this vault';
const CHECK_FOR = ['key-check'];

const sourceText = z.tuple([z.string()]);
const issuedText = z.strictObject({
  username: z.string(),
  password: z.string(),
  issuedAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
});

/** Anything here that only its key opens? */
export function hasSealedData(database: Database): boolean {
  return database.prepare('SELECT 1 FROM key_check').get() !== undefined;
}

/** `key` is proven against what the first use of the vault left there, so that a wrong one is found now and not later. */
export function openVault(
  database: Database,
  { key, commits }: { readonly key: Uint8Array; readonly commits: CommitQueue },
): Result<Vault, 'wrong_key'> {
  const check = database.prepare('SELECT sealed FROM key_check').get();
  if (check === undefined) {
    database.prepare('INSERT INTO key_check VALUES (1, ?)').run(seal(key, CHECK_TEXT, CHECK_FOR));
  } else if (!(check['sealed'] instanceof Uint8Array) || unseal(key, check['sealed'], CHECK_FOR) !== CHECK_TEXT) {
    return failure('wrong_key');
  }
  return success(vaultOn(database, { key, commits }));
}

function vaultOn(
  database: Database,
  { key, commits }: { readonly key: Uint8Array; readonly commits: CommitQueue },
): Vault {
  const write = async (work: () => void): Promise<void> => {
    await commits.commit(database, work);
  };
  const values = sealedValues(database, key);
  const settleKind = settling(database);
  const remove = database.prepare('DELETE FROM secrets WHERE registry_id = ?');
  const prune = database.prepare(
    `DELETE FROM secrets WHERE registry_id = ?
     AND ((kind = 'source' AND version <> ?) OR (kind = 'issued' AND version <> ? AND rank <> 'previous'))`,
  );
  const ids = database.prepare('SELECT DISTINCT registry_id FROM secrets ORDER BY registry_id');
  return {
    putSource: async (registryId, version, secret) => {
      await write(() => {
        values.put({ registryId, kind: 'source', version }, JSON.stringify([secret.reveal()]));
      });
    },
    getSource: async (registryId, version) => {
      const value = values.get({ registryId, kind: 'source', version });
      return value === undefined ? undefined : new Secret(parseJson(sourceText, value)[0]);
    },
    putIssued: async (registryId, { version, password, ...rest }) => {
      const text = JSON.stringify({ ...rest, password: password.reveal() });
      await write(() => {
        values.put({ registryId, kind: 'issued', version }, text);
      });
    },
    getIssued: async (registryId, version): Promise<Credential | undefined> => {
      const value = values.get({ registryId, kind: 'issued', version });
      if (value === undefined) return undefined;
      const issued = parseJson(issuedText, value);
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
        prune.run(registryId, sourceVersion ?? '', issuedVersion ?? '');
      });
    },
    remove: async (registryId) => {
      await write(() => {
        remove.run(registryId);
      });
    },
    registryIds: async () => ids.all().map((row) => String(row['registry_id'])),
  };
}

interface Place {
  readonly registryId: string;
  readonly kind: Kind;
  readonly version: string;
}

function sealedValues(database: Database, key: Uint8Array) {
  const insert = database.prepare(
    `INSERT INTO secrets (registry_id, kind, version, sealed) VALUES (?, ?, ?, ?)
     ON CONFLICT (registry_id, kind, version) DO UPDATE SET sealed = excluded.sealed`,
  );
  const select = database.prepare('SELECT sealed FROM secrets WHERE registry_id = ? AND kind = ? AND version = ?');
  return {
    put: ({ registryId, kind, version }: Place, text: string): void => {
      insert.run(registryId, kind, version, seal(key, text, [registryId, kind, version]));
    },
    get: ({ registryId, kind, version }: Place): string | undefined => {
      const sealed = select.get(registryId, kind, version)?.['sealed'];
      if (sealed === undefined) return undefined;
      const text = sealed instanceof Uint8Array ? unseal(key, sealed, [registryId, kind, version]) : undefined;
      if (text === undefined) throw new StoreUnavailable('corrupt_row');
      return text;
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
    `DELETE FROM secrets WHERE registry_id = ? AND kind = ? AND seq < ?
     AND (rank = 'pending' OR (rank = 'previous' AND kind = 'source'))`,
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
