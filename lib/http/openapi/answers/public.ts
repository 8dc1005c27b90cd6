/** Answers that anybody gets. */
import * as z from 'zod/mini';
import type { Answers } from '../answer.ts';
import { text } from './values.ts';

const health = z.strictObject({
  status: z
    .enum(['ok', 'stale', 'damaged'])
    .check(z.meta({ description: 'stale: a registry needs somebody; damaged: something stored cannot be read' })),
  soonestSecondsLeft: z
    .nullable(z.int())
    .check(z.meta({ description: 'Of the credential that runs out first; null where none does' })),
});

const openApi = z.looseObject({
  openapi: text('Which version of OpenAPI'),
  info: z.looseObject({}),
  paths: z.looseObject({}),
});

export const publicAnswers: Answers = {
  'GET /healthz': {
    200: { schema: health, example: { status: 'ok', soonestSecondsLeft: 21_600 } },
    503: { schema: health, example: { status: 'stale', soonestSecondsLeft: 900 } },
  },
  'GET /openapi.json': {
    200: { schema: openApi, example: { openapi: '3.1.0', info: { title: 'Pullpass' }, paths: {} } },
  },
  'GET /reference': {
    200: {
      contentType: 'text/html',
      schema: text('One page without scripts'),
      example: '<!doctype html><html lang="en">…</html>',
      headers: {
        'content-security-policy': 'Nothing but the page’s own style is let in',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    },
  },
  'GET /install/{file}': {
    200: { contentType: 'text/x-shellscript', schema: text('A POSIX shell script'), example: '#!/bin/sh\n' },
  },
};
