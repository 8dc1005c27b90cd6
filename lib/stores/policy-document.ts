/**
 * A policy as stores keep it: one JSON document; its revision and time lie beside it. What was stored before there were
 * pins and exceptions has none.
 */
import * as z from 'zod/mini';

import { POLICY_MODES, type PolicyDocument, type PolicyException } from '../domain/policy.ts';

const exception = z.strictObject({
  entry: z.string(),
  reason: z.string(),
  until: z.number(),
} satisfies Record<keyof PolicyException, z.ZodMiniType>);

export const policyDocument: z.ZodMiniType<PolicyDocument> = z.strictObject({
  whitelist: z.nullable(z.array(z.string())),
  deny: z.array(z.string()),
  alwaysAllow: z._default(z.array(z.string()), []),
  exceptions: z._default(z.array(exception), []),
  defaultRegistry: z.nullable(z.string()),
  mode: z.nullable(z.enum(POLICY_MODES)),
} satisfies Record<keyof PolicyDocument, z.ZodMiniType>);
