/** What policy said about an image, as several answers show it. */
import * as z from 'zod/mini';
import { POLICY_MODES } from '../../../domain/policy.ts';
import { text } from './values.ts';

export const reference = z
  .strictObject({
    registry: text('host[:port]'),
    repository: text('Below that host'),
    tag: z.optional(z.string()),
    digest: z.optional(z.string()),
    canonical: text('host[:port]/repository[:tag][@digest]: what was decided on'),
  })
  .check(z.meta({ id: 'ImageReference', description: 'The image that is meant, with its registry filled in' }));

export const decision = z
  .strictObject({
    allowed: z.boolean(),
    rule: text('Which rule decided'),
    mode: z.enum(POLICY_MODES),
    wouldRefuse: z
      .boolean()
      .check(z.meta({ description: 'What enforce says; in audit mode it is allowed all the same' })),
  })
  .check(z.meta({ id: 'Decision' }));

export const referenceExample = {
  registry: 'quay.io',
  repository: 'team/app',
  tag: '1',
  canonical: 'quay.io/team/app:1',
} as const;

export const decisionExample = {
  allowed: true,
  rule: 'environment whitelist: quay.io/team',
  mode: 'enforce',
  wouldRefuse: false,
} as const;
