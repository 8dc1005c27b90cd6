/** An agent of an export: who it is, and never its token, which nobody has but its holder. */
import * as z from 'zod/mini';
import { ROLES } from '../../domain/agent.ts';
import { parseDocument } from '../../domain/parse-document.ts';
import { parsePrincipalPattern } from '../../domain/principal.ts';
import type { Finding, WantedAgent } from './wanted.ts';

const agentSchema = z.strictObject({
  id: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  name: z.string().check(z.minLength(1), z.maxLength(128)),
  role: z._default(z.enum(ROLES), 'agent'),
  environments: z._default(z.array(z.string()), []),
  export: z._default(z.boolean(), false),
  principal: z.nullish(z.string()),
  expiresAt: z.nullish(
    z.iso.datetime({ offset: true, message: 'must be an RFC 3339 time such as 2027-01-31T00:00:00Z' }),
  ),
});

export function readExportedAgent(
  item: unknown,
  place: string,
  tell: (finding: Finding) => void,
): WantedAgent | undefined {
  const parsed = parseDocument(agentSchema, item, place);
  if (!parsed.ok) {
    tell({ place: parsed.failure.field, what: parsed.failure.rule });
    return undefined;
  }
  const { id, name, role, environments, principal, expiresAt } = parsed.value;
  const pattern = principal ? parsePrincipalPattern(principal) : undefined;
  if (pattern?.ok === false) {
    tell({ place: `${place}.principal`, what: pattern.failure.rule });
    return undefined;
  }
  return {
    ...{ place, name, role, environments: [...new Set(environments)], export: parsed.value.export },
    ...(id === undefined ? {} : { id }),
    ...(pattern === undefined ? {} : { principal: pattern.value }),
    ...(expiresAt ? { expiresAt: Date.parse(expiresAt) } : {}),
  };
}
