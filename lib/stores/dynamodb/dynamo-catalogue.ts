/** The catalogue in one DynamoDB table, put together from its parts: a file each. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { badRows, type OnBadRow } from '../bad-rows.ts';
import type { Catalogue } from '../catalogue.ts';
import { agentsOn } from './agents.ts';
import { auditIds } from './audit-item.ts';
import { changeTrailOn, listAudit } from './audit-trail.ts';
import { putDecision } from './decisions.ts';
import { environmentsOn } from './environments.ts';
import { installationOn } from './installation.ts';
import { policiesOn } from './policies.ts';
import { readCatalogue } from './read-catalogue.ts';
import { refreshQueueOn } from './refresh-queue.ts';
import { registriesOn } from './registries.ts';
import { registryChangesOn } from './registry-change.ts';

export interface DynamoCatalogueOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Days that decisions are listed for. */
  readonly decisionDays: number;
  /** Is told once of each item that cannot be read. */
  readonly onBadRow?: OnBadRow;
  readonly now?: () => number;
  /** 0 to 1: spreads the tries of what collided. */
  readonly random?: () => number;
}

export function dynamoCatalogue(options: DynamoCatalogueOptions): Catalogue {
  const { client, tableName, decisionDays, now = Date.now, random = Math.random } = options;
  const table = { client, tableName, random, decisionDays, bad: badRows(options.onBadRow) };
  const nextAuditId = auditIds(now);
  const trail = changeTrailOn(table, nextAuditId);
  const installation = installationOn(table, now);
  const changeRegistry = registryChangesOn(table, { installation, trail });
  return {
    ...readCatalogue(table),
    installationId: installation.installationId,
    ...registriesOn(table, { installation, trail, changeRegistry }),
    ...refreshQueueOn(table, changeRegistry),
    ...policiesOn(table, trail),
    ...agentsOn(table, trail),
    ...environmentsOn(table),
    recordDecision: async (entry) => {
      await putDecision(table, entry, { id: nextAuditId(), at: now() });
    },
    listAudit: async (query) => await listAudit(table, query),
  };
}
