/** What was done to one registry, by whom and when: as long as the audit trail lasts, and so beyond the registry itself. */
import type { AuditEntry } from '../domain/audit.ts';
import type { NotFound } from '../domain/failures.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Catalogue, PageResult } from '../stores/catalogue.ts';

export interface RegistryHistoryDeps {
  readonly catalogue: Pick<Catalogue, 'getRegistry' | 'listAudit'>;
}

/** An id that was never a registry's has no history: told apart from one whose page just happens to be empty. */
export async function registryHistory(
  query: { readonly id: string; readonly limit: number; readonly cursor?: string },
  deps: RegistryHistoryDeps,
): Promise<Result<PageResult<AuditEntry>, NotFound>> {
  const { id, ...page } = query;
  const changes = await deps.catalogue.listAudit({ ...page, subject: id, sort: 'registry' });
  const nothing = changes !== 'bad_cursor' && changes.items.length === 0 && changes.cursor === undefined;
  if (nothing && !(await wasEver(id, deps))) return failure({ kind: 'not_found', resource: 'registry' });
  return success(changes);
}

/** Asked where a page is empty: the first one holds something of whatever there was, also when a later one does not. */
async function wasEver(id: string, { catalogue }: RegistryHistoryDeps): Promise<boolean> {
  if ((await catalogue.getRegistry(id)) !== undefined) return true;
  const first = await catalogue.listAudit({ limit: 1, subject: id, sort: 'registry' });
  return first !== 'bad_cursor' && first.items.length > 0;
}
