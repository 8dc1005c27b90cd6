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
import { badRows, type BadRows, type OnBadRow } from '../bad-rows.ts';
import { CATALOGUE_ADDITIONS, CATALOGUE_MIGRATIONS } from './catalogue-schema.ts';
import { storedTimes } from './stored-times.ts';
import { takeDataLock } from './data-lock.ts';
import { commitQueue, type CommitQueue } from './commit-queue.ts';
import { openDatabase, type Database } from './database.ts';
import { catalogueOn, type EmbeddedCatalogue, type Installation } from './embedded-catalogue.ts';
import {
  hasSealedData,
  hasSecrets,
  openVault,
  readVaultInstallation,
  VAULT_ADDITIONS,
  VAULT_MIGRATIONS,
  writeVaultInstallation,
} from './embedded-vault.ts';
import { createKey, readKey } from './key-file.ts';
import { copyBeforeMigration, isNewFile, NewerSchema, type Schema } from './migrate.ts';
import {
  badKey,
  inUse,
  newerSchema,
  noCatalogue,
  otherInstallation,
  sharedDirectory,
  symbolicLink,
  unreadable,
  unsafeWay,
  type OpenFailure,
} from './open-failure.ts';
import { createPrivateDirectory, isSharedDirectory, SymbolicLink, unsafeStepTo } from './private-files.ts';
import { textOf } from './rows.ts';
import { sqliteCode } from './sqlite-code.ts';

export interface EmbeddedStoreOptions {
  /** Made with mode 0700 where it is missing. */
  readonly directory: string;
  /** `vault.key` in the directory unless given; made on first use. */
  readonly keyFile?: string;
  /** How many audit entries are kept, newest first. */
  readonly auditEntries?: number;
  /** Is told once of each row that cannot be read. */
  readonly onBadRow?: OnBadRow;
  readonly now?: () => number;
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
  readonly installation: Installation;
  /**
   * The vault's secrets are of this catalogue's registries. False where nothing says so: a vault of a version that did not note
   * it, of whose registries the catalogue knows none. Then nothing may be removed from it.
   */
  readonly belongTogether: boolean;
  /** Copies of the files as they were before they were migrated by this start. */
  readonly copies: readonly string[];
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

const CATALOGUE: Schema = { migrations: CATALOGUE_MIGRATIONS, additions: CATALOGUE_ADDITIONS };
const VAULT: Schema = { migrations: VAULT_MIGRATIONS, additions: VAULT_ADDITIONS };

/** Pushes on `undo` how to close each thing it opens. */
function openParts(
  options: EmbeddedStoreOptions,
  undo: (() => void)[],
): Result<Omit<EmbeddedStore, 'close'>, OpenFailure> {
  const { directory } = options;
  const lock = attempt(directory, () => {
    const unsafe = unsafeWayTo(options);
    if (unsafe !== undefined) return unsafe;
    createPrivateDirectory(directory);
    if (isSharedDirectory(directory, ownUser()?.uid)) return sharedDirectory(directory);
    // Again: until it was made, others may have put a link in its place.
    return unsafeWayTo(options) ?? takeDataLock(join(directory, 'lock.db'));
  });
  if (!lock.ok) return lock;
  if (lock.value === 'in_use') return failure(inUse(directory));
  if ('kind' in lock.value) return failure(lock.value);
  undo.push(lock.value.release);

  const paths = { catalogue: join(directory, 'catalogue.db'), vault: join(directory, 'vault.db') };
  // Each on its own, so that it is told which of them cannot be read.
  const vaultIsNew = attempt(paths.vault, () => isNewFile(paths.vault));
  if (!vaultIsNew.ok) return vaultIsNew;
  const isNew = attempt(paths.catalogue, () => isNewFile(paths.catalogue));
  if (!isNew.ok) return isNew;
  const copies = attempt(directory, () =>
    copyBeforeMigration([
      { path: paths.catalogue, schema: CATALOGUE },
      { path: paths.vault, schema: VAULT },
    ]),
  );
  if (!copies.ok) return copies;
  const commits = commitQueue();
  const shared = { ...options, commits, bad: badRows(options.onBadRow) };
  const opened = openVaultFile({ ...shared, path: paths.vault }, undo);
  if (!opened.ok) return opened;
  const { vault, database: vaultFile } = opened.value;
  // Nothing is made beside it: a file that is brought back must find its place free.
  if (isNew.value && hasSecrets(vaultFile)) return failure(noCatalogue(paths));
  const embedded = openCatalogueFile({ ...shared, path: paths.catalogue }, undo);
  if (!embedded.ok) return embedded;
  const { catalogue, installation, times } = embedded.value;
  const matched = attempt(paths.vault, () => matchInstallations(vaultFile, embedded.value));
  if (!matched.ok) return matched;
  if (matched.value === 'other') return failure(otherInstallation(paths));
  const badRowsInPlace = async (): ReturnType<Catalogue['badRows']> => {
    vaultFile.assertInPlace();
    return await catalogue.badRows();
  };
  undo.push(commits.close);
  return success({
    catalogue: { ...catalogue, badRows: badRowsInPlace },
    vault,
    installation,
    belongTogether: matched.value === 'same',
    copies: copies.value,
    ...times,
  });
}

/** Of the data folder and of a key file elsewhere: what on the way to it others could replace. Nothing is made. */
function unsafeWayTo({ directory, keyFile }: EmbeddedStoreOptions): OpenFailure | undefined {
  const user = ownUser();
  if (user === undefined) return undefined;
  for (const path of [directory, ...(keyFile === undefined ? [] : [resolve(keyFile)])]) {
    const step = unsafeStepTo(path, user);
    if (step !== undefined) return unsafeWay(path, step);
  }
  return undefined;
}

/** The vault takes over the catalogue's installation where nothing speaks against it. */
function matchInstallations(
  vaultFile: Database,
  { installation, knows }: EmbeddedCatalogue,
): 'same' | 'other' | 'unknown' {
  const noted = readVaultInstallation(vaultFile);
  if (noted === installation.id) return 'same';
  if (hasSecrets(vaultFile)) {
    if (noted !== undefined) return 'other';
    const ids = vaultFile.prepare('SELECT DISTINCT registry_id FROM secrets').all();
    if (!ids.some((row) => knows(textOf(row, 'registry_id')))) return 'unknown';
  }
  writeVaultInstallation(vaultFile, installation.id);
  return 'same';
}

type FileOptions = EmbeddedStoreOptions & {
  readonly path: string;
  readonly commits: CommitQueue;
  readonly bad: BadRows;
};

interface OpenCatalogue extends EmbeddedCatalogue {
  readonly times: ReturnType<typeof storedTimes>;
}

function openCatalogueFile(options: FileOptions, undo: (() => void)[]): Result<OpenCatalogue, OpenFailure> {
  const { path, commits, bad, auditEntries = AUDIT_ENTRIES, now = Date.now } = options;
  const database = attempt(path, () => openDatabase(path, CATALOGUE));
  if (!database.ok) return database;
  undo.push(database.value.close);
  return attempt(path, () => {
    dropClaims(database.value);
    const embedded = catalogueOn(database.value, { auditEntries, commits, bad, now: now() });
    return { ...embedded, times: storedTimes(database.value, commits) };
  });
}

/** Whoever had claims is gone: the data is locked by this process alone. */
function dropClaims(database: Database): void {
  database.prepare('UPDATE registries SET claim_id = NULL, claim_until = NULL WHERE claim_id IS NOT NULL').run();
}

function openVaultFile(
  options: FileOptions,
  undo: (() => void)[],
): Result<{ readonly vault: Vault; readonly database: Database }, OpenFailure> {
  const { path, commits, bad } = options;
  const keyFile = resolve(options.keyFile ?? join(options.directory, 'vault.key'));
  const database = attempt(path, () => openDatabase(path, VAULT));
  if (!database.ok) return database;
  undo.push(database.value.close);
  const key = attempt(keyFile, () => keyFor(database.value, keyFile));
  if (!key.ok) return key;
  if (!key.value.ok) return failure(badKey(keyFile, key.value.failure));
  const bytes = key.value.value;
  const vault = attempt(path, () => openVault(database.value, { key: bytes, commits, bad }));
  if (!vault.ok) return vault;
  if (!vault.value.ok) return failure(badKey(keyFile, vault.value.failure));
  return success({ vault: vault.value.value, database: database.value });
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
