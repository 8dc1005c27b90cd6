/** An audit entry as stores keep it: one document (stored-document.ts). Its id is the store's own. */
import * as z from 'zod/mini';

import type { ChangeEntry, DecisionEntry } from '../domain/audit.ts';
import { POLICY_MODES } from '../domain/policy.ts';
import { EARLIER_ENTRY } from './earlier-shapes.ts';
import type { DocumentKind } from './stored-document.ts';

const decisionDocument = z.object({
  type: z.literal('decision'),
  at: z.number(),
  environment: z.string(),
  agentId: z.string(),
  principal: z.exactOptional(z.string()),
  image: z.string(),
  outcome: z.enum(['released', 'denied', 'no_credential', 'registry_inactive', 'ambiguous', 'unavailable']),
  rule: z.string(),
  mode: z.enum(POLICY_MODES),
  wouldRefuse: z.boolean(),
  registryId: z.exactOptional(z.string()),
  version: z.exactOptional(z.string()),
} satisfies Record<keyof DecisionEntry, z.ZodMiniType>);

const changeDocument = z.object({
  type: z.literal('change'),
  at: z.number(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.exactOptional(z.string()),
} satisfies Record<keyof ChangeEntry, z.ZodMiniType>);

export const entryDocument: DocumentKind<DecisionEntry | ChangeEntry> = {
  schema: z.discriminatedUnion('type', [decisionDocument, changeDocument]),
  earlier: EARLIER_ENTRY,
};
