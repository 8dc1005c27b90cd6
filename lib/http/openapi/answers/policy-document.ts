/** A policy as answers show it; the policies that `explain` looked at are told in the same words. */
import * as z from 'zod/mini';
import { POLICY_MODES } from '../../../domain/policy.ts';
import { environment, text, time } from './values.ts';

const entries = (description: string): z.ZodMiniArray<z.ZodMiniString> =>
  z.array(z.string()).check(z.meta({ description }));

const exceptionFields = {
  entry: text('What is excepted, canonical'),
  reason: text('Why, in the words of whoever set it'),
  until: time('From then on it does nothing'),
  ended: z.boolean(),
};
const exception = z.strictObject(exceptionFields);
const explainedException = z.strictObject({ ...exceptionFields, reason: z.optional(exceptionFields.reason) });

export const rules = {
  whitelist: z.nullable(entries('What may be pulled, canonical; null is no restriction')),
  deny: entries('What may not, whatever the whitelist says'),
  alwaysAllow: entries('What may be pulled whatever this document’s whitelist and deny list say'),
  exceptions: z
    .array(exception)
    .check(z.meta({ description: 'As alwaysAllow, with a reason and an end; ended ones do nothing' })),
  defaultRegistry: z.nullable(
    text('Where images come from that name no registry; null: the organisation’s, and then Docker Hub'),
  ),
  mode: z.nullable(
    z
      .enum(POLICY_MODES)
      .check(
        z.meta({ description: 'audit only records what enforce would refuse; null: the organisation’s, then enforce' }),
      ),
  ),
};

/** As `explain` tells them. */
export const explainedRules = {
  ...rules,
  exceptions: z
    .array(explainedException)
    .check(z.meta({ description: 'As alwaysAllow, with an end; the reason is for viewers and administrators only' })),
};

export const policyAnswer = z
  .strictObject({
    environment: z.nullable(environment()).check(z.meta({ description: 'Null: the organisation’s' })),
    ...rules,
    revision: z.int().check(z.minimum(0), z.meta({ description: '0 until somebody sets it; the ETag, for If-Match' })),
    updatedAt: z.nullable(time('When it was set last')),
  })
  .check(z.meta({ id: 'Policy', description: 'One of the two policies that decide: both must allow' }));

export const rulesExample = {
  whitelist: ['quay.io/team', '123456789012.dkr.ecr.eu-west-1.amazonaws.com'],
  deny: ['quay.io/team/old'],
  alwaysAllow: ['registry.k8s.io/pause'],
  exceptions: [
    {
      entry: 'docker.io/library/redis',
      reason: 'until our mirror has it',
      until: '2026-09-30T00:00:00.000Z',
      ended: false,
    },
  ],
  defaultRegistry: null,
  mode: 'enforce',
} as const;
