/**
 * The times in the catalogue after the machine's clock was set. They were taken from a clock that was wrong, or are compared
 * with one that is: a due time may be days away, and a credential may have died although its expiry is to come.
 */
import type { CommitQueue } from './commit-queue.ts';
import type { Database } from './database.ts';
import type { EmbeddedStore } from './open-embedded-store.ts';

export function storedTimes(
  database: Database,
  commits: CommitQueue,
): Pick<EmbeddedStore, 'distrustTimes' | 'holdsTimesAfter'> {
  const dueNow = database.prepare('UPDATE registries SET due_at = ?1 WHERE due_at > ?1');
  const reject = database.prepare(
    `UPDATE registries SET credential = json_set(credential, '$.rejectedVersion', credential ->> '$.current.version')
     WHERE expires_at IS NOT NULL AND json_valid(credential)`,
  );
  const ahead = database.prepare(
    `SELECT 1 FROM registries WHERE json_valid(credential)
     AND (credential ->> '$.current.issuedAt' > ?1 OR credential ->> '$.lastError.at' > ?1) LIMIT 1`,
  );
  return {
    distrustTimes: async (now) => {
      await commits.commit(database, () => {
        dueNow.run(now);
        reject.run();
      });
    },
    holdsTimesAfter: async (time) => ahead.get(time) !== undefined,
  };
}
