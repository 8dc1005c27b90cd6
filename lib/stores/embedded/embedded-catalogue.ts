/** The catalogue in one SQLite file, put together from its parts: a file each. */
import { randomBytes } from 'node:crypto';

import type { BadRows } from '../bad-rows.ts';
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
import { numberOf, textOf } from './rows.ts';

export interface Installation {
  readonly id: string;
  /** When this file was first seen, so that what is new is known as new. */
  readonly since: number;
}

export interface EmbeddedCatalogue {
  readonly catalogue: Catalogue;
  readonly installation: Installation;
  /** Also one that cannot be read. */
  readonly knows: (registryId: string) => boolean;
}

export function catalogueOn(
  database: Database,
  options: {
    readonly auditEntries: number;
    readonly commits: CommitQueue;
    readonly bad: BadRows;
    readonly now: number;
  },
): EmbeddedCatalogue {
  const { auditEntries, commits, bad, now } = options;
  const table = registryTable(database, bad);
  const audit = auditTrail(database, { keep: auditEntries, commits, bad });
  const agents = agentsIn(database, { audit, bad });
  const policies = policiesIn(database, { audit, bad });
  const installation = installationIn(database, now);
  return {
    catalogue: {
      installationId: async () => installation.id,
      // Nothing else runs between these reads: together they are one view.
      readForResolve: async ({ caller, environment, host }) => {
        const found = agents.readFor(caller);
        if (found.length === 0) return NOTHING_FOR_STRANGERS;
        const { registries, unreadable } = table.onHost(host);
        return {
          agents: found,
          organisationPolicy: policies.read(null),
          environmentPolicy: policies.read(environment),
          registries,
          ...(unreadable.length === 0 ? {} : { unreadable }),
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
      badRows: async () => {
        database.assertInPlace();
        return await bad.still();
      },
    },
    installation,
    knows: (registryId) => table.place(registryId) !== undefined,
  };
}

const NOTHING_FOR_STRANGERS: ResolveView = {
  agents: [],
  organisationPolicy: undefined,
  environmentPolicy: undefined,
  registries: [],
};

/** Undefined: the file is new. */
export function readInstallationId(database: Database): string | undefined {
  const row = database.prepare('SELECT id FROM installation').get();
  return row === undefined ? undefined : textOf(row, 'id');
}

/** Hexadecimal: what it goes into, an AWS external id among others, takes few other characters. */
function installationIn(database: Database, now: number): Installation {
  return database.transaction(() => {
    const id = readInstallationId(database) ?? randomBytes(16).toString('hex');
    database.prepare('INSERT INTO installation (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM installation)').run(id);
    database.prepare('UPDATE installation SET since = ? WHERE since IS NULL').run(now);
    const row = database.prepare('SELECT since FROM installation').get() ?? {};
    return { id, since: numberOf(row, 'since') };
  });
}
