/** An agent as stores keep it: one document (stored-document.ts). */
import * as z from 'zod/mini';

import { PRINCIPAL_ROLES, ROLES, type Agent, type PrincipalAgent, type TokenAgent } from '../domain/agent.ts';
import { EARLIER_AGENT } from './earlier-shapes.ts';
import type { DocumentKind } from './stored-document.ts';

const common = {
  id: z.string(),
  name: z.string(),
  environments: z.array(z.string()),
  export: z.boolean(),
  createdAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
};

const tokenAgent = z.object({
  ...common,
  role: z.enum(ROLES),
  tokenHash: z.string(),
  // One with both is no agent of ours: it would open more than one door.
  principal: z.exactOptional(z.never()),
} satisfies Record<keyof TokenAgent, z.ZodMiniType>);

const principalAgent: z.ZodMiniType<PrincipalAgent> = z.object({
  ...common,
  role: z.enum(PRINCIPAL_ROLES),
  principal: z.string(),
  tokenHash: z.exactOptional(z.never()),
} satisfies Record<keyof PrincipalAgent, z.ZodMiniType>);

export const agentDocument: DocumentKind<Agent> = {
  schema: z.union([tokenAgent, principalAgent]),
  earlier: EARLIER_AGENT,
};

export const principalAgentDocument: DocumentKind<PrincipalAgent> = { schema: principalAgent, earlier: EARLIER_AGENT };
