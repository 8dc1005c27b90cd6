/**
 * Rows that cannot be read. One is left out where it is met, so that it takes nothing down but itself; it is told once, and
 * known until it is readable again or gone. Which those are, a catalogue answers (`Catalogue.badRows`).
 */
import { UnreadableRow } from './stored-json.ts';

export interface BadRow {
  readonly table: 'registries' | 'policies' | 'agents' | 'audit' | 'secrets';
  /** Of a registry or an agent; a policy's environment, or `organisation`; an entry's; `<registry id> <kind>` of a secret. */
  readonly id: string;
  readonly reason: string;
}

export type OnBadRow = (row: BadRow) => void;

export interface BadRows {
  /** What `read` answers, or undefined where it meets a row that cannot be read. `again` is asked later whether it still is so. */
  readable<Value>(row: Pick<BadRow, 'table' | 'id'>, read: () => Value, again: () => unknown): Value | undefined;
  /** As `readable`, but throws on. */
  throwing<Value>(row: Pick<BadRow, 'table' | 'id'>, read: () => Value, again: () => unknown): Value;
  /** Those met so far that are still there and cannot be read. */
  still(): Promise<readonly BadRow[]>;
}

/** A disk that lost everything is told by fewer lines than it has rows. */
const MOST = 1_000;

export function badRows(onBadRow: OnBadRow = () => undefined): BadRows {
  const known = new Map<string, { readonly row: BadRow; readonly again: () => unknown }>();

  function note(row: Pick<BadRow, 'table' | 'id'>, reason: string, again: () => unknown): void {
    const key = `${row.table} ${row.id}`;
    if (known.has(key) || known.size >= MOST) return;
    const bad = { table: row.table, id: row.id, reason };
    known.set(key, { row: bad, again });
    onBadRow(bad);
  }

  const throwing: BadRows['throwing'] = (row, read, again) => {
    try {
      return read();
    } catch (error) {
      if (error instanceof UnreadableRow) note(row, error.code, again);
      throw error;
    }
  };
  return {
    throwing,
    readable: (row, read, again) => {
      try {
        return throwing(row, read, again);
      } catch (error) {
        if (error instanceof UnreadableRow) return undefined;
        throw error;
      }
    },
    still: async () => {
      for (const [key, { again }] of known) if (!(await isUnreadable(again))) known.delete(key);
      return [...known.values()].map(({ row }) => row);
    },
  };
}

async function isUnreadable(again: () => unknown): Promise<boolean> {
  try {
    await again();
    return false;
  } catch (error) {
    if (error instanceof UnreadableRow) return true;
    throw error;
  }
}
