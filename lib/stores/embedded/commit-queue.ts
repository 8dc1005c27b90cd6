/**
 * Durable writes in groups. A commit costs one flush of the disk however much is in it, and it holds up the whole process
 * while it lasts. So all writes to one database that wait at the same time share a commit, and between two commits the event
 * loop turns once: what hosts asked meanwhile is read, and is in the next commit.
 *
 * A write that throws is taken back alone; a commit that fails fails for all that were in it.
 */
import { StoreUnavailable } from '../catalogue.ts';
import { TransactionEnded, type Database } from './database.ts';

export interface CommitQueue {
  /**
   * Runs `work` inside a transaction that others may share. Resolves when it is durable. `work` must be synchronous and
   * must not open a transaction of its own.
   */
  commit<Value>(database: Database, work: () => Value): Promise<Value>;
  /** Commits what waits; writes that come later are refused. */
  readonly close: () => void;
}

/** One write that waits. It keeps what `work` answered until the commit is durable. */
interface Waiting {
  readonly run: () => void;
  readonly succeed: () => void;
  readonly fail: (reason: unknown) => void;
}

export function commitQueue(): CommitQueue {
  /** In the order of their turns: a database that had its turn goes to the end, so that none of them waits for ever. */
  const queues = new Map<Database, Waiting[]>();
  let closed = false;

  const commitNext = (): void => {
    const [next] = queues;
    if (next === undefined) return;
    const [database, group] = next;
    queues.delete(database);
    commitGroup(database, group);
    if (queues.size > 0) setImmediate(commitNext);
  };

  return {
    commit: async (database, work) => {
      if (closed) throw new StoreUnavailable('closed');
      return await new Promise((resolve, reject) => {
        if (queues.size === 0) setImmediate(commitNext);
        const group = queues.get(database) ?? [];
        queues.set(database, group);
        group.push(waitingFor(work, { resolve, reject }));
      });
    },
    close: () => {
      closed = true;
      while (queues.size > 0) commitNext();
    },
  };
}

function waitingFor<Value>(
  work: () => Value,
  { resolve, reject }: { readonly resolve: (value: Value) => void; readonly reject: (reason: unknown) => void },
): Waiting {
  let succeed = (): void => undefined;
  return {
    run: () => {
      const value = work();
      succeed = () => {
        resolve(value);
      };
    },
    succeed: () => {
      succeed();
    },
    fail: reject,
  };
}

function commitGroup(database: Database, group: readonly Waiting[]): void {
  const done: Waiting[] = [];
  try {
    database.transaction(() => {
      for (const waiting of group) if (runAlone(database, waiting)) done.push(waiting);
    });
  } catch (error) {
    for (const waiting of group) waiting.fail(error);
    return;
  }
  for (const waiting of done) waiting.succeed();
}

/** False: it was taken back, and whoever waits for it knows. */
function runAlone(database: Database, waiting: Waiting): boolean {
  try {
    database.savepoint(waiting.run);
    return true;
  } catch (error) {
    if (error instanceof TransactionEnded) throw error.cause;
    waiting.fail(error);
    return false;
  }
}
