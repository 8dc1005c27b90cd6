/** A row that cannot be read, told to whoever operates Pullpass. */
import type { OnBadRow } from '../stores/bad-rows.ts';
import type { Report } from './events.ts';

export function badRowReport(report: Report): OnBadRow {
  return ({ table, id, reason }) => {
    report({ level: 'error', code: 'catalogue.bad_row', fields: { table, id, reason } });
  };
}
