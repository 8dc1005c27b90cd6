/** Answers of the calls that show registries. */
import type { Answers } from '../answer.ts';
import { registryAnswer, registryExample } from './registry-document.ts';
import { page } from './values.ts';

export const registryReadAnswers: Answers = {
  'GET /v1/registries': {
    200: { schema: page(registryAnswer), example: { items: [registryExample], cursor: 'WyJyZWdpc3RyaWVzIiw0Ml0' } },
  },
  'GET /v1/registries/{id}': {
    200: { schema: registryAnswer, example: registryExample, headers: { etag: 'The revision, for If-Match' } },
  },
};
