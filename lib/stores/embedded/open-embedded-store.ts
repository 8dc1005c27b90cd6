/**
 * Opens the embedded store: catalogue.db and vault.db in one private directory, and the vault's key file.
 *
 * Its job: the order of things. The lock first, so that nothing is touched that another process uses; the key before
 * the vault's first use; and whatever was opened is closed again when a later step fails.
 */
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';

import { failure, success, type Result } from '../../domain/result.ts';
import { StoreUnavailable, type Catalogue } from '../catalogue.ts';
import type { Vault } from '../vault.ts';
import { CATALOGUE_MIGRATIONS } from './catalogue-schema.ts';
import { storedTimes } from './stored-times.ts';
import { takeDataLock } from './data-lock.ts';
import { commitQueue, type CommitQueue } from './commit-queue.ts';
import { NewerSchema, openDatabase, type Database } from './database.ts';
import { catalogueOn } from './embedded-catalogue.ts';
import { hasSealedData, openVault, VAULT_MIGRATIONS } from './embedded-vault.ts';
import { createKey, readKey } from './key-file.ts';
import {
  badKey,
  inUse,
  newerSchema,
  sharedAbove,
  sharedDirectory,
  symbolicLink,
  unreadable,
  type OpenFailure,
} from './open-failure.ts';
import { createPrivateDirectory, isSharedDirectory, sharedFolderAbove, SymbolicLink } from './private-files.ts';
import { sqliteCode } from './sqlite-code.ts';

export interface EmbeddedStoreOptions {
  /** Made with mode 0700 where it is missing. */
  readonly directory: string;
  /** `vault.key` in the directory unless given; made on first use. */
  readonly keyFile?: string;
  /** How many audit entries are kept, newest first. */
  readonly auditEntries?: number;
}

export interface EmbeddedStore {
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  /**
   * After the machine's clock was set: what is due is due by the new clock, and of what expires the times are not believed.
   * It is all due at once, and whatever is minted next takes its place.
   */
  readonly distrustTimes: (now: number) => Promise<void>;
  /** Is anything stored from a later time than this? Then the clock was set back while nothing ran, or was ahead before. */
  readonly holdsTimesAfter: (time: number) => Promise<boolean>;
  /** Writes what still waits, then lets go of the data. Afterwards every call throws `StoreUnavailable`. */
  close(): Promise<void>;
}

const AUDIT_ENTRIES = 200_000;

export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Result<EmbeddedStore, OpenFailure>> {
  const directory = resolve(options.directory);
  const undo: (() => void)[] = [];
  const closeAll = (): void => {
    while (undo.length > 0) undo.pop()?.();
  };
  try {
    const opened = openParts({ ...options, directory }, undo);
    if (!opened.ok) {
      closeAll();
      return opened;
    }
    return success({
      ...opened.value,
      close: async () => {
        closeAll();
      },
    });
  } catch (error) {
    closeAll();
    throw error;
  }
}

/** Pushes on `undo` how to close each thing it opens. */
function openParts(
  options: EmbeddedStoreOptions,
  undo: (() => void)[],
): Result<Omit<EmbeddedStore, 'close'>, OpenFailure> {
  const { directory } = options;
  const lock = attempt(directory, () => {
    createPrivateDirectory(directory);
    const user = ownUser();
    if (isSharedDirectory(directory, user?.uid)) return sharedDirectory(directory);
    const above = user === undefined ? undefined : sharedFolderAbove(directory, user);
    if (above !== undefined) return sharedAbove(directory, above);
    return takeDataLock(join(directory, 'lock.db'));
  });
  if (!lock.ok) return lock;
  if (lock.value === 'in_use') return failure(inUse(directory));
  if ('kind' in lock.value) return failure(lock.value);
  undo.push(lock.value.release);

  const commits = commitQueue();
  const vault = openVaultFile(options, { commits, undo });
  if (!vault.ok) return vault;
  const path = join(directory, 'catalogue.db');
  const database = attempt(path, () => openDatabase(path, CATALOGUE_MIGRATIONS));
  if (!database.ok) return database;
  undo.push(database.value.close);
  const auditEntries = options.auditEntries ?? AUDIT_ENTRIES;
  const catalogue = attempt(path, () => {
    dropClaims(database.value);
    return catalogueOn(database.value, { auditEntries, commits });
  });
  if (!catalogue.ok) return catalogue;
  undo.push(commits.close);
  return success({ catalogue: catalogue.value, vault: vault.value, ...storedTimes(database.value, commits) });
}

/** Whoever had claims is gone: the data is locked by this process alone. */
function dropClaims(database: Database): void {
  database.prepare('UPDATE registries SET claim_id = NULL, claim_until = NULL WHERE claim_id IS NOT NULL').run();
}

function openVaultFile(
  options: EmbeddedStoreOptions,
  { commits, undo }: { readonly commits: CommitQueue; readonly undo: (() => void)[] },
): Result<Vault, OpenFailure> {
  const path = join(options.directory, 'vault.db');
  const keyFile = resolve(options.keyFile ?? join(options.directory, 'vault.key'));
  const database = attempt(path, () => openDatabase(path, VAULT_MIGRATIONS));
  if (!database.ok) return database;
  undo.push(database.value.close);
  const key = attempt(keyFile, () => keyFor(database.value, keyFile));
  if (!key.ok) return key;
  if (!key.value.ok) return failure(badKey(keyFile, key.value.failure));
  const bytes = key.value.value;
  const vault = attempt(path, () => openVault(database.value, { key: bytes, commits }));
  if (!vault.ok) return vault;
  return vault.value.ok ? success(vault.value.value) : failure(badKey(keyFile, vault.value.failure));
}

/** A missing key is made only where nothing needs the old one. */
function keyFor(database: Database, path: string): ReturnType<typeof readKey> {
  const keyFile = { path, userId: ownUser()?.uid };
  const key = readKey(keyFile);
  if (key.ok || key.failure !== 'missing' || hasSealedData(database)) return key;
  createKey(path);
  return readKey(keyFile);
}

/**
 * Undefined on Windows, and for a user id that has no name: a container's, say, which is never root, and whom the
 * system itself keeps from reading a private file of anybody else.
 */
function ownUser(): { readonly uid: number; readonly gid: number } | undefined {
  try {
    const { uid, gid } = userInfo();
    return uid === -1 ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

/** What goes wrong with files and databases as a value; bugs go on. */
function attempt<Value>(path: string, work: () => Value): Result<Value, OpenFailure> {
  try {
    return success(work());
  } catch (error) {
    if (error instanceof NewerSchema) return failure(newerSchema(path));
    if (error instanceof SymbolicLink) return failure(symbolicLink(error.path));
    const code = error instanceof StoreUnavailable ? error.code : sqliteCode(error);
    if (code === undefined) throw error;
    return failure(unreadable(path, code));
  }
}
