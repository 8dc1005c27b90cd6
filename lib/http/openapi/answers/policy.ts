/** Answers of the calls that show and set policies. */
import type { Answer, Answers } from '../answer.ts';
import { policyAnswer, rulesExample } from './policy-document.ts';

const set = { ...rulesExample, revision: 4, updatedAt: '2026-03-02T09:30:00.000Z' };
const headers = { etag: 'The revision, for If-Match' };

function answerFor(environment: string | null): Readonly<Record<number, Answer>> {
  return { 200: { schema: policyAnswer, example: { environment, ...set }, headers } };
}

export const policyAnswers: Answers = {
  'GET /v1/policy': answerFor(null),
  'PUT /v1/policy': answerFor(null),
  'GET /v1/environments/{environment}/policy': answerFor('prod'),
  'PUT /v1/environments/{environment}/policy': answerFor('prod'),
};
