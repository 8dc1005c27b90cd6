/** Answers of the calls about agents: the identities that call. */
import * as z from 'zod/mini';
import { ROLES } from '../../../domain/agent.ts';
import type { Answers } from '../answer.ts';
import { agentId, page, text, time } from './values.ts';

const fields = {
  id: agentId(),
  name: z.string(),
  role: z.enum(ROLES),
  environments: z
    .array(z.string().check(z.regex(/^(?:\*|[a-z0-9-]{1,63})$/)))
    .check(z.meta({ description: 'What an agent opens; "*" stands for every one. The other roles see them all' })),
  export: z.boolean().check(z.meta({ description: 'May fetch every credential of its environments at once' })),
  principal: z.nullable(text('The ARN pattern it is bound to; null where it has a token')),
  createdAt: time('When it was created'),
  expiresAt: z.nullable(time('From then on it opens nothing')),
};

const agent = z
  .strictObject(fields)
  .check(z.meta({ id: 'Agent', description: 'Whoever calls; its token is never shown again' }));

const created = z.strictObject({
  ...fields,
  token: z.optional(
    z
      .string()
      .check(
        z.regex(/^pp_[0-9a-f]{16}_[0-9a-f]{64}$/),
        z.meta({ description: 'Shown this once. Absent where there is a principal' }),
      ),
  ),
});

const example = {
  id: '8f14e45fceea167a',
  name: 'web-1',
  role: 'agent',
  environments: ['prod'],
  export: false,
  principal: null,
  createdAt: '2026-03-02T09:30:00.000Z',
  expiresAt: null,
} as const;

/** Of the form, and nobody's. */
const TOKEN = `pp_8f14e45fceea167a_${'0'.repeat(64)}`;

export const agentAnswers: Answers = {
  'POST /v1/agents': { 201: { schema: created, example: { ...example, token: TOKEN } } },
  'GET /v1/agents': { 200: { schema: page(agent), example: { items: [example] } } },
  'DELETE /v1/agents/{id}': { 204: {} },
};
