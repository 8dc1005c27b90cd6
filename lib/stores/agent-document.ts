/** An agent as stores keep it: one JSON document. */
import * as z from 'zod/mini';

import { PRINCIPAL_ROLES, ROLES, type Agent, type PrincipalAgent, type TokenAgent } from '../domain/agent.ts';

const common = {
  id: z.string(),
  name: z.string(),
  environments: z.array(z.string()),
  export: z.boolean(),
  createdAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
};

const tokenAgent = z.strictObject({
  ...common,
  role: z.enum(ROLES),
  tokenHash: z.string(),
} satisfies Record<Exclude<keyof TokenAgent, 'principal'>, z.ZodMiniType>);

export const principalAgentDocument: z.ZodMiniType<PrincipalAgent> = z.strictObject({
  ...common,
  role: z.enum(PRINCIPAL_ROLES),
  principal: z.string(),
} satisfies Record<Exclude<keyof PrincipalAgent, 'tokenHash'>, z.ZodMiniType>);

export const agentDocument: z.ZodMiniType<Agent> = z.union([tokenAgent, principalAgentDocument]);
