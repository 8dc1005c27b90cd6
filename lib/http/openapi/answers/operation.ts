/** Answers of the calls that look at the whole: environments, status, the audit trail. */
import * as z from 'zod/mini';
import { POLICY_MODES } from '../../../domain/policy.ts';
import type { Answers } from '../answer.ts';
import { registryAnswer } from './registry-document.ts';
import { credentialVersion, environment, page, registryId, text, time } from './values.ts';

const environments = z.strictObject({ items: z.array(z.strictObject({ name: environment() })) });

const count = (description: string): z.ZodMiniNumberFormat => z.int().check(z.minimum(0), z.meta({ description }));

const kind = z.strictObject({
  kind: z.string(),
  registries: count('All of them'),
  inactive: count('Of these'),
  states: z
    .strictObject({ fresh: z.int(), stale: z.int(), expired: z.int(), pending: z.int() })
    .check(z.meta({ description: 'How many of the active ones have such a credential' })),
  soonestSecondsLeft: z
    .nullable(z.int())
    .check(z.meta({ description: 'Of the active ones; null where none runs out, negative where one has' })),
});

const needy = z.strictObject({
  ...registryAnswer.shape,
  reason: z.enum(['stale', 'expired', 'pending', 'lost', 'drifted', 'refused']).check(
    z.meta({
      description:
        "Its credential's state; where that one is fresh: lost by the vault, drifted, or refused at the last login",
    }),
  ),
});

const unreadableRow = z.strictObject({
  table: z.enum(['registries', 'policies', 'agents', 'audit', 'secrets']),
  id: text("A registry's or agent's id; a policy's environment, or organisation; `<registry id> <kind>` of a secret"),
  reason: text('corrupt_row; newer_row: a later version of Pullpass wrote it'),
});

const status = z.strictObject({
  health: z.enum(['ok', 'stale', 'expired', 'damaged']).check(
    z.meta({
      description:
        "The worst state of any active registry's credential; stale as well where expiresOn of one is past; drift is none; damaged: a registry, policy or agent cannot be read",
    }),
  ),
  kinds: z.array(kind),
  environments: count('How many there are'),
  drifted: count('Active registries that were well at a login and are not any more'),
  attention: z.array(needy).check(z.meta({ description: 'Registries that need somebody; at most 50' })),
  expiring: z.array(registryAnswer).check(
    z.meta({
      description: 'Active registries with expiresOn within 30 days or past, soonest first; at most 50',
    }),
  ),
  unreadable: count('Stored rows that cannot be read'),
  unreadableRows: z.array(unreadableRow).check(z.meta({ description: 'Which they are; at most 50' })),
  time: time('When this was so'),
});

const entry = {
  id: text('Of the entry; opaque'),
  at: time('When'),
  name: z.nullable(text('What the agent is called now; null when it is deleted')),
};

const decision = z
  .strictObject({
    type: z.literal('decision'),
    ...entry,
    environment: environment(),
    agentId: text('Who asked'),
    principal: z.optional(text('The ARN that called, where AWS IAM said who calls')),
    image: text('The canonical reference, or a host where a client named only that'),
    outcome: z.enum(['released', 'denied', 'no_credential', 'registry_inactive', 'ambiguous', 'unavailable']),
    rule: text('Which rule decided'),
    mode: z.enum(POLICY_MODES),
    wouldRefuse: z.boolean(),
    registryId: z.optional(registryId()),
    version: z.optional(credentialVersion()),
  })
  .check(z.meta({ id: 'DecisionEntry', description: 'A decision about a pull' }));

export const changeEntry = z
  .strictObject({
    type: z.literal('change'),
    ...entry,
    actor: text('Who changed it: an agent’s id, or a word for Pullpass itself'),
    action: text('registry.add, policy.set, agent.delete and so on'),
    subject: text('What was changed: a registry’s or agent’s id, an environment’s name, or organisation'),
    detail: z.optional(text('What is another now, from -> to where that is no secret; for people')),
  })
  .check(z.meta({ id: 'ChangeEntry', description: 'A change by an administrator, or one that Pullpass noticed' }));

export const auditEntry = z.discriminatedUnion('type', [decision, changeEntry]);

const changeExample = {
  type: 'change',
  id: '41',
  at: '2026-03-02T09:30:00.000Z',
  actor: '8f14e45fceea167a',
  name: 'platform team',
  action: 'registry.add',
  subject: '01k2v9m6q3t8w5x7y0z1a2b3c4',
  detail: 'harbor.example:5000/team',
} as const;

const decisionExample = {
  type: 'decision',
  id: '42',
  at: '2026-03-02T10:00:00.000Z',
  environment: 'prod',
  agentId: '4a8a08f09d37b737',
  name: 'web-1',
  image: 'harbor.example:5000/team/app:1',
  outcome: 'released',
  rule: 'no restriction',
  mode: 'enforce',
  wouldRefuse: false,
  registryId: '01k2v9m6q3t8w5x7y0z1a2b3c4',
  version: '0c7d5f0e-6a55-4a0e-9f0b-3a4b3c1f9f43',
} as const;

export const operationAnswers: Answers = {
  'GET /v1/environments': { 200: { schema: environments, example: { items: [{ name: 'ci' }, { name: 'prod' }] } } },
  'GET /v1/status': {
    200: {
      schema: status,
      example: {
        health: 'ok',
        kinds: [
          {
            kind: 'ecr',
            registries: 3,
            inactive: 1,
            states: { fresh: 2, stale: 0, expired: 0, pending: 0 },
            soonestSecondsLeft: 21_600,
          },
        ],
        environments: 2,
        drifted: 0,
        attention: [],
        expiring: [],
        unreadable: 0,
        unreadableRows: [],
        time: '2026-03-02T10:00:00.000Z',
      },
    },
  },
  'GET /v1/audit': { 200: { schema: page(auditEntry), example: { items: [decisionExample, changeExample] } } },
};
