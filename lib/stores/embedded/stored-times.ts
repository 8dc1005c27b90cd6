/**
 * The times in the catalogue after the machine's clock was set. They were taken from a clock that was wrong, or are compared
 * with one that is: a due time may be days away, and a credential may have died although its expiry is to come.
 */
import type { CommitQueue } from './commit-queue.ts';
import type { Database } from './database.ts';
import type { EmbeddedStore } from './open-embedded-store.ts';

/** What is no JSON has no times, and stays as it is. */
const CREDENTIAL = `iif(json_valid(credential), credential, '{}')`;
const CREDENTIAL_LATER = `iif(json_valid(credential_later), credential_later, '{}')`;

export function storedTimes(
  database: Database,
  commits: CommitQueue,
): Pick<EmbeddedStore, 'distrustTimes' | 'holdsTimesAfter'> {
  const dueNow = database.prepare('UPDATE registries SET due_at = ? WHERE due_at > ?');
  const reject = database.prepare(
    `UPDATE registries SET credential = json_set(credential, '$.rejectedVersion', credential ->> '$.current.version')
     WHERE expires_at IS NOT NULL AND json_type(${CREDENTIAL}, '$.current.version') = 'text'`,
  );
  // As numbers: a text is after every time.
  const ahead = database.prepare(
    `SELECT 1 FROM registries WHERE CAST(${CREDENTIAL} ->> '$.current.issuedAt' AS REAL) > ?
       OR CAST(${CREDENTIAL} ->> '$.lastError.at' AS REAL) > ?
       OR CAST(${CREDENTIAL_LATER} ->> '$.fields.lastError.at' AS REAL) > ? LIMIT 1`,
  );
  return {
    distrustTimes: async (now) => {
      await commits.commit(database, () => {
        dueNow.run(now, now);
        reject.run();
      });
    },
    holdsTimesAfter: async (time) => ahead.get(time, time, time) !== undefined,
  };
}
