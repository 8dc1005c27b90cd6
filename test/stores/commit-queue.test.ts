import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { commitQueue, type CommitQueue } from '../../lib/stores/embedded/commit-queue.ts';
import { openDatabase, type Database } from '../../lib/stores/embedded/database.ts';
import { temporaryDirectory } from './embedded/data-directory.ts';

interface Counted extends Database {
  commits: number;
}

let first: Counted;
let second: Counted;
let queue: CommitQueue;
/** Whose commit, in order. */
let order: string[];

beforeEach(async () => {
  order = [];
  queue = commitQueue();
  first = await opened('first');
  second = await opened('second');
});

async function opened(name: string): Promise<Counted> {
  const path = join(await temporaryDirectory(), `${name}.db`);
  const database = openDatabase(path, {
    migrations: ['CREATE TABLE words (word TEXT NOT NULL UNIQUE) STRICT'],
    additions: [],
  });
  onTestFinished(database.close);
  const counted: Counted = {
    ...database,
    commits: 0,
    transaction: (work) => {
      counted.commits += 1;
      order.push(name);
      return database.transaction(work);
    },
  };
  return counted;
}

function write(database: Database, word: string): Promise<number> {
  const insert = database.prepare('INSERT INTO words VALUES (?)');
  return queue.commit(database, () => insert.run(word));
}

function words(database: Database): readonly unknown[] {
  return database
    .prepare('SELECT word FROM words ORDER BY rowid')
    .all()
    .map(({ word }) => word);
}

describe('the commit queue', () => {
  it('puts writes that wait at the same time into one commit, in their order', async () => {
    await Promise.all(['a', 'b', 'c'].map((word) => write(first, word)));
    expect(words(first)).toEqual(['a', 'b', 'c']);
    expect(first.commits).toBe(1);
  });

  it('answers what the write answered', async () => {
    expect(await queue.commit(first, () => 'value')).toBe('value');
  });

  it('takes back a write that throws, alone', async () => {
    const insert = first.prepare('INSERT INTO words VALUES (?)');
    const failing = queue.commit(first, () => {
      insert.run('half');
      throw new Error('no');
    });
    const [before, failed, after] = await Promise.allSettled([write(first, 'a'), failing, write(first, 'b')]);
    expect([before.status, failed.status, after.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(words(first)).toEqual(['a', 'b']);
  });

  it('fails for all that share a commit which fails', async () => {
    const isOver = new StoreUnavailable('disk_full');
    const full = { ...first, transaction: () => throwing(isOver) };
    const ended = await Promise.allSettled([write(full, 'a'), write(full, 'b')]);
    expect(ended).toEqual([
      { status: 'rejected', reason: isOver },
      { status: 'rejected', reason: isOver },
    ]);
    expect(words(first)).toEqual([]);
  });

  it('lets databases take turns', async () => {
    const busy = async (database: Counted): Promise<void> => {
      for (const word of ['a', 'b', 'c']) await write(database, word);
    };
    await Promise.all([busy(first), busy(second)]);
    expect(order).toEqual(['first', 'second', 'first', 'second', 'first', 'second']);
  });

  it('lets the event loop turn between two commits', async () => {
    const both = Promise.all([write(first, 'a'), write(second, 'b')]);
    const between = new Promise<number>((resolve) =>
      setImmediate(() => {
        resolve(order.length);
      }),
    );
    await both;
    expect(await between).toBe(1);
  });

  it('commits what waits when it is closed, and refuses what comes later', async () => {
    const waiting = Promise.all([write(first, 'a'), write(second, 'b')]);
    queue.close();
    await waiting;
    expect([...words(first), ...words(second)]).toEqual(['a', 'b']);
    await expect(write(first, 'c')).rejects.toMatchObject({ code: 'closed' });
  });
});

function throwing(error: Error): never {
  throw error;
}
