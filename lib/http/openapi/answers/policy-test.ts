/** Answers of the calls that test policies and count refusals. */
import * as z from 'zod/mini';
import { POLICY_MODES } from '../../../domain/policy.ts';
import { DECISION_CHANGES } from '../../../service/tested-decision.ts';
import { REFUSAL_OUTCOMES } from '../../../service/refusals.ts';
import type { Answers } from '../answer.ts';
import { agentId, environment, text, time } from './values.ts';

const count = (description: string): z.ZodMiniNumberFormat =>
  z.int().check(z.minimum(0), z.maximum(Number.MAX_SAFE_INTEGER), z.meta({ description }));

const verdict = z
  .strictObject({
    reference: z.nullable(text('Canonical: what was decided on; null where it is none')),
    fault: z.nullable(text('Why it is no reference')),
    allowed: z.boolean(),
    rule: text('Which rule decided'),
    mode: z.enum(POLICY_MODES),
    wouldRefuse: z.boolean().check(z.meta({ description: 'What enforce says; audit mode allows it all the same' })),
  })
  .check(z.meta({ id: 'PolicyVerdict' }));

const verdictTotals = z.strictObject({
  allowed: count('With what audit mode lets through'),
  refused: count('Not allowed'),
  wouldRefuse: count('What enforce would refuse'),
  notReferences: count('Refused because they are no references'),
});

const policyTest = z
  .strictObject({
    environment: z.nullable(environment()).check(z.meta({ description: 'Null: the organisation’s policy alone' })),
    at: time('The moment that is told about'),
    revisions: z
      .strictObject({ organisation: count('0: nobody has set one'), environment: z.nullable(count('As well')) })
      .check(z.meta({ description: 'Of the present policies, for the If-Match of whoever sets what was proposed' })),
    items: z
      .array(
        z.strictObject({
          kind: z.enum(['image', 'host']),
          image: text('As it was asked'),
          present: verdict,
          proposed: z.nullable(verdict).check(z.meta({ description: 'Null where nothing is proposed' })),
          change: z.nullable(z.enum(DECISION_CHANGES)).check(
            z.meta({
              description:
                'now_refused, now_allowed: what hosts are answered changes; would_now_refuse, would_now_allow: what ' +
                'enforce says changes, and audit mode still allows it; other_reference: it stands for another image',
            }),
          ),
        }),
      )
      .check(z.meta({ description: 'Images first, then hosts, in the order in which they were asked' })),
    totals: z.strictObject({
      items: count('How many were asked about'),
      present: verdictTotals,
      proposed: z.nullable(verdictTotals),
      changes: z.nullable(
        z.strictObject({
          now_refused: count('Items with that change'),
          now_allowed: count('Items with that change'),
          would_now_refuse: count('Items with that change'),
          would_now_allow: count('Items with that change'),
          other_reference: count('Items with that change'),
        } satisfies Record<(typeof DECISION_CHANGES)[number], z.ZodMiniType>),
      ),
    }),
  })
  .check(z.meta({ id: 'PolicyTest' }));

const refusals = z
  .strictObject({
    since: time('Nothing older was looked at'),
    from: z.nullable(time('Of the oldest decision that was looked at; null where there was none')),
    to: z.nullable(time('Of the newest')),
    decisions: count('How many decisions were looked at, whatever they said'),
    items: z
      .array(
        z.strictObject({
          outcome: z.enum(REFUSAL_OUTCOMES).check(
            z.meta({
              description: 'let_through: by audit mode, enforce would have refused it; allowed: only with all=true',
            }),
          ),
          rule: text('Which rule decided'),
          image: text('The canonical reference, or a host where clients named only that'),
          count: count('How many decisions'),
          firstAt: time('Of the oldest of them'),
          lastAt: time('Of the newest of them'),
          agents: z
            .array(agentId())
            .check(z.meta({ description: 'Whose decisions they were, in this stretch: at most 100, each once' })),
          moreAgents: z.boolean().check(z.meta({ description: 'There were more than are named' })),
        }),
      )
      .check(z.meta({ description: 'The most frequent first' })),
    cursor: z.optional(
      text('More of the record is left: ask again with it and the same since. Counts of several answers add up'),
    ),
  })
  .check(z.meta({ id: 'Refusals' }));

const refusedVerdict = {
  reference: 'docker.io/library/nginx:1',
  fault: null,
  allowed: false,
  rule: 'not in the environment whitelist',
  mode: 'enforce',
  wouldRefuse: true,
} as const;

export const policyTestAnswers: Answers = {
  'POST /v1/policy/test': {
    200: {
      schema: policyTest,
      example: {
        environment: 'prod',
        at: '2026-03-02T09:30:00.000Z',
        revisions: { organisation: 0, environment: 4 },
        items: [
          {
            kind: 'image',
            image: 'nginx:1',
            present: { ...refusedVerdict, allowed: true, mode: 'audit' },
            proposed: refusedVerdict,
            change: 'now_refused',
          },
        ],
        totals: {
          items: 1,
          present: { allowed: 1, refused: 0, wouldRefuse: 1, notReferences: 0 },
          proposed: { allowed: 0, refused: 1, wouldRefuse: 1, notReferences: 0 },
          changes: { now_refused: 1, now_allowed: 0, would_now_refuse: 0, would_now_allow: 0, other_reference: 0 },
        },
      },
    },
  },
  'GET /v1/environments/{environment}/refusals': {
    200: {
      schema: refusals,
      example: {
        since: '2026-02-23T09:30:00.000Z',
        from: '2026-02-27T03:12:00.000Z',
        to: '2026-03-02T09:29:41.000Z',
        decisions: 1280,
        items: [
          {
            outcome: 'let_through',
            rule: 'not in the environment whitelist',
            image: 'docker.io/library/nginx:1',
            count: 42,
            firstAt: '2026-02-27T03:12:00.000Z',
            lastAt: '2026-03-02T09:29:41.000Z',
            agents: ['0123456789abcdef'],
            moreAgents: false,
          },
        ],
      },
    },
  },
};
