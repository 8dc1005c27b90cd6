import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { openDatabase, type Database } from '../../lib/stores/embedded/database.ts';
import { writeWatch } from '../../lib/stores/embedded/write-watch.ts';

const FULL = new StoreUnavailable('disk_full');

function fail(reason: Error): () => never {
  return () => {
    throw reason;
  };
}

describe('a write that the disk did not take', () => {
  let now = 0;
  let writes = 0;
  let isFull = false;
  const watch = () =>
    writeWatch(
      () => {
        writes += 1;
        if (isFull) throw FULL;
      },
      () => now,
    );

  beforeEach(() => {
    [now, writes, isFull] = [0, 0, false];
  });

  it('is remembered for five seconds, and nothing is written to find out', () => {
    const { watched, assertWritable } = watch();
    expect(() => watched(fail(FULL))).toThrow(FULL);
    now = 4_999;
    expect(assertWritable).toThrow(new StoreUnavailable('disk_full'));
    expect(writes).toBe(0);
  });

  it('is over when a write succeeds after that', () => {
    const { watched, assertWritable } = watch();
    expect(() => watched(fail(FULL))).toThrow(FULL);
    now = 5_000;
    isFull = true;
    expect(assertWritable).toThrow(FULL);
    isFull = false;
    expect(assertWritable).not.toThrow();
    expect(assertWritable).not.toThrow();
    expect(writes).toBe(2);
  });

  it.each([new StoreUnavailable('busy'), new StoreUnavailable('replaced'), new Error('a bug')])(
    'is none where something else was thrown: %s',
    (reason) => {
      const { watched, assertWritable } = watch();
      expect(() => watched(fail(reason))).toThrow(reason);
      expect(assertWritable).not.toThrow();
    },
  );
});

describe('a database that has no room', () => {
  let directory: string;
  let database: Database;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pullpass-full-'));
    database = openDatabase(join(directory, 'test.db'), {
      migrations: ['CREATE TABLE things (name TEXT)'],
      additions: [],
    });
  });

  afterEach(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });

  it('is not writable, though it can be read', () => {
    expect(database.assertWritable).not.toThrow();
    database.prepare('PRAGMA max_page_count = 3').get();
    const insert = database.prepare('INSERT INTO things VALUES (zeroblob(100000))');
    expect(() => database.transaction(() => insert.run())).toThrow(new StoreUnavailable('disk_full'));
    expect(database.prepare('SELECT count(*) AS n FROM things').get()).toEqual({ n: 0 });
    expect(database.assertWritable).toThrow(new StoreUnavailable('disk_full'));
  });
});
