/** Answers of the calls that look back at one registry, or change several. */
import * as z from 'zod/mini';
import type { Answers } from '../answer.ts';
import { changeEntry } from './operation.ts';
import { registryAnswer, registryExample } from './registry-document.ts';
import { page, text } from './values.ts';

const problem = z
  .looseObject({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int().check(z.minimum(400), z.maximum(599)),
    code: text('Stable: what a program looks at'),
    detail: text('One sentence for a person: what is wrong, and what to do'),
  })
  .check(z.meta({ description: 'What the call for this registry alone would have answered' }));

/** As it was asked for: nothing says that there was ever a registry of that id. */
const id = text('As it was asked for');

const done = z.strictObject({
  id,
  outcome: z.literal('done'),
  registry: z.optional(registryAnswer),
});

const failed = z.strictObject({ id, outcome: z.literal('failed'), problem });

const bulk = z.strictObject({
  items: z
    .array(z.discriminatedUnion('outcome', [done, failed]))
    .check(z.meta({ description: 'In the order asked; a registry that was deleted has no document' })),
  done: z.int().check(z.minimum(0)),
  failed: z.int().check(z.minimum(0)),
});

const GONE = '01k1z8t4n2r6v0w3x5y7z9a1b2';

const change = {
  ...{ type: 'change', actor: '8f14e45fceea167a', name: 'platform team', subject: registryExample.id },
  ...{ id: '57', at: '2026-03-02T11:00:00.000Z', action: 'registry.edit', detail: 'environments: prod -> ci, prod' },
} as const;

export const registryBulkAnswers: Answers = {
  'GET /v1/registries/{id}/history': {
    200: { schema: page(changeEntry), example: { items: [change] } },
  },
  'POST /v1/registries/bulk': {
    200: {
      schema: bulk,
      example: {
        items: [
          { id: registryExample.id, outcome: 'done', registry: { ...registryExample, state: 'inactive', revision: 2 } },
          {
            id: GONE,
            outcome: 'failed',
            problem: {
              type: 'about:blank',
              title: 'Not found',
              status: 404,
              code: 'not_found',
              detail: 'there is no such registry',
            },
          },
        ],
        done: 1,
        failed: 1,
      },
    },
  },
};
