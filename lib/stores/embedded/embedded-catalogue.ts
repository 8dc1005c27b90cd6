/** The catalogue in one SQLite file, put together from its parts: a file each. */
import { randomBytes } from 'node:crypto';

import type { Catalogue, ResolveView } from '../catalogue.ts';
import { agentsIn } from './agents.ts';
import { auditTrail } from './audit-trail.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Database } from './database.ts';
import { environmentsIn } from './environments.ts';
import { policiesIn } from './policies.ts';
import { refreshQueueIn } from './refresh-queue.ts';
import { registriesIn } from './registries.ts';
import { registryTable } from './registry-table.ts';
import { textOf } from './rows.ts';

export function catalogueOn(
  database: Database,
  options: { readonly auditEntries: number; readonly commits: CommitQueue },
): Catalogue {
  const { auditEntries, commits } = options;
  const table = registryTable(database);
  const audit = auditTrail(database, { keep: auditEntries, commits });
  const agents = agentsIn(database, audit);
  const policies = policiesIn(database, audit);
  const installationId = installationIdIn(database);
  return {
    installationId: async () => installationId,
    // Nothing else runs between these reads: together they are one view.
    readForResolve: async ({ caller, environment, host }) => {
      const found = agents.readFor(caller);
      if (found.length === 0) return NOTHING_FOR_STRANGERS;
      const organisationPolicy = policies.read(null);
      return {
        agents: found,
        organisationPolicy,
        environmentPolicy: policies.read(environment),
        registries: table.onHost(host),
      };
    },
    ...registriesIn(database, { table, audit }),
    ...refreshQueueIn(database, { table, audit, commits }),
    getPolicy: policies.getPolicy,
    putPolicy: policies.putPolicy,
    addAgent: agents.addAgent,
    getAgent: agents.getAgent,
    listAgents: agents.listAgents,
    removeAgent: agents.removeAgent,
    listPrincipals: agents.listPrincipals,
    ...environmentsIn(database),
    recordDecision: audit.recordDecision,
    listAudit: audit.listAudit,
  };
}

const NOTHING_FOR_STRANGERS: ResolveView = {
  agents: [],
  organisationPolicy: undefined,
  environmentPolicy: undefined,
  registries: [],
};

/** Hexadecimal: what it goes into, an AWS external id among others, takes few other characters. */
function installationIdIn(database: Database): string {
  return database.transaction(() => {
    const row = database.prepare('SELECT id FROM installation').get();
    if (row !== undefined) return textOf(row, 'id');
    const id = randomBytes(16).toString('hex');
    database.prepare('INSERT INTO installation (id) VALUES (?)').run(id);
    return id;
  });
}
