/** Every route's answers, put together for the OpenAPI document. A new area is one file in answers/ and one line here. */
import type { Answer, Answers } from './answer.ts';
import { agentAnswers } from './answers/agents.ts';
import { hostConfigAnswers } from './answers/host-config.ts';
import { operationAnswers } from './answers/operation.ts';
import { policyTestAnswers } from './answers/policy-test.ts';
import { policyAnswers } from './answers/policy.ts';
import { publicAnswers } from './answers/public.ts';
import { pullAnswers } from './answers/pull.ts';
import { registryBulkAnswers } from './answers/registry-bulk.ts';
import { registryChangeAnswers } from './answers/registry-change.ts';
import { registryReadAnswers } from './answers/registry-read.ts';
import { rejectionAnswers } from './answers/rejection.ts';

const ANSWERS: Answers = {
  ...pullAnswers,
  ...hostConfigAnswers,
  ...rejectionAnswers,
  ...registryReadAnswers,
  ...registryChangeAnswers,
  ...registryBulkAnswers,
  ...policyAnswers,
  ...policyTestAnswers,
  ...agentAnswers,
  ...operationAnswers,
  ...publicAnswers,
};

/** By status; a twin below /iam answers as its original. Empty where nobody described them. */
export function answersOf(route: { readonly method: string; readonly path: string }): Readonly<Record<number, Answer>> {
  return ANSWERS[routeKey(route)] ?? {};
}

/** What answers and examples are filed under. */
export function routeKey({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path.replace(/^\/iam\//, '/')}`;
}
