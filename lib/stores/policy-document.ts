/**
 * A policy as stores keep it: one document (stored-document.ts); its revision and time lie beside it. What was stored before there were
 * pins and exceptions has none.
 */
import * as z from 'zod/mini';

import { POLICY_MODES, type PolicyDocument, type PolicyException } from '../domain/policy.ts';
import { EARLIER_POLICY } from './earlier-shapes.ts';
import type { DocumentKind } from './stored-document.ts';

const exception = z.object({
  entry: z.string(),
  reason: z.string(),
  until: z.number(),
} satisfies Record<keyof PolicyException, z.ZodMiniType>);

const schema: z.ZodMiniType<PolicyDocument> = z.object({
  whitelist: z.nullable(z.array(z.string())),
  deny: z.array(z.string()),
  alwaysAllow: z._default(z.array(z.string()), []),
  exceptions: z._default(z.array(exception), []),
  defaultRegistry: z.nullable(z.string()),
  mode: z.nullable(z.enum(POLICY_MODES)),
} satisfies Record<keyof PolicyDocument, z.ZodMiniType>);

export const policyDocument: DocumentKind<PolicyDocument> = { schema, earlier: EARLIER_POLICY };
