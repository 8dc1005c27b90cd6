/** Where a list of the audit trail ends that is asked for since a moment. */
import type { AuditEntry } from '../domain/audit.ts';
import type { Page } from './catalogue.ts';

/** Entries are in the order in which they were recorded: behind one that is older there is nothing that is asked for. */
export function endedAt(since: number | undefined, page: Page<AuditEntry>): Page<AuditEntry> {
  if (since === undefined) return page;
  const items = page.items.filter(({ at }) => at >= since);
  return items.length === page.items.length ? page : { items };
}
