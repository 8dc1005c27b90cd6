/** A policy as stores keep it: one JSON document; its revision and time lie beside it. */
import * as z from 'zod/mini';

import { POLICY_MODES, type PolicyDocument } from '../domain/policy.ts';

export const policyDocument: z.ZodMiniType<PolicyDocument> = z.strictObject({
  whitelist: z.nullable(z.array(z.string())),
  deny: z.array(z.string()),
  defaultRegistry: z.nullable(z.string()),
  mode: z.nullable(z.enum(POLICY_MODES)),
} satisfies Record<keyof PolicyDocument, z.ZodMiniType>);
