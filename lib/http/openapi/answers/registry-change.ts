/** Answers of the calls that change one registry. */
import * as z from 'zod/mini';
import { VERIFICATION_STATUSES, VERIFICATION_WARNINGS } from '../../../domain/registry.ts';
import type { Answer, Answers } from '../answer.ts';
import { registryAnswer, registryExample } from './registry-document.ts';
import { text } from './values.ts';

const asItIsNow: Answer = {
  schema: registryAnswer,
  example: { ...registryExample, revision: 2 },
  headers: { etag: 'The new revision, for If-Match' },
};

const verification = z.strictObject({
  status: z.enum(VERIFICATION_STATUSES),
  warning: z.nullable(z.enum(VERIFICATION_WARNINGS)),
  advice: text('What was seen, and what to do about it; one sentence for a person'),
});

export const registryChangeAnswers: Answers = {
  'POST /v1/registries': {
    201: {
      schema: registryAnswer,
      example: registryExample,
      headers: { etag: 'The revision, for If-Match', location: 'Where the registry is from now on' },
    },
  },
  'PATCH /v1/registries/{id}': { 200: asItIsNow },
  'POST /v1/registries/{id}/activate': { 200: asItIsNow },
  'POST /v1/registries/{id}/deactivate': {
    200: { ...asItIsNow, example: { ...registryExample, state: 'inactive', revision: 2 } },
  },
  'POST /v1/registries/{id}/refresh': { 200: { ...asItIsNow, example: registryExample } },
  'POST /v1/registries/{id}/verify': {
    200: {
      schema: verification,
      example: {
        status: 'unauthorized',
        warning: null,
        advice: 'The registry refused the user name or the password: check both.',
      },
    },
  },
  'DELETE /v1/registries/{id}': { 204: {} },
};
