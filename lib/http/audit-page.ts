/** A page of the audit trail as callers get it: each entry with the present name of whoever asked or changed. */
import type { AuditEntry } from '../domain/audit.ts';
import type { Catalogue, Page } from '../stores/catalogue.ts';
import { json, type ApiResponse } from './api-request.ts';
import { auditDocument } from './documents.ts';

interface AuditPageDeps {
  readonly catalogue: Pick<Catalogue, 'getAgent'>;
}

export async function auditPage(page: Page<AuditEntry>, deps: AuditPageDeps): Promise<ApiResponse> {
  const names = await namesOf(page.items, deps);
  return json(200, { ...page, items: page.items.map((entry) => auditDocument(entry, names.get(whoOf(entry)))) });
}

function whoOf(entry: AuditEntry): string {
  return entry.type === 'decision' ? entry.agentId : entry.actor;
}

/**
 * As they are called now. One that was deleted has its name in the entry of its deletion; what Pullpass did by itself has no
 * agent, and so no name.
 */
async function namesOf(entries: readonly AuditEntry[], deps: AuditPageDeps): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(entries.map(whoOf))];
  const agents = await Promise.all(ids.map((id) => deps.catalogue.getAgent(id)));
  return new Map(agents.flatMap((agent) => (agent === undefined ? [] : [[agent.id, agent.name]])));
}
