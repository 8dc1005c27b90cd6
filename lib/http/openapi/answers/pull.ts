/** Answers of the calls that hosts pull with. */
import * as z from 'zod/mini';
import { HELPER_NOT_FOUND } from '../../../formats/docker-credential.ts';
import type { Answers } from '../answer.ts';
import { decision, decisionExample, reference, referenceExample } from './decision.ts';
import { explainedRules, rulesExample } from './policy-document.ts';
import { credentialVersion, registryId, text, time } from './values.ts';

const ID = '01k2v9m6q3t8w5x7y0z1a2b3c4';

const credential = z
  .strictObject({
    username: z.string(),
    password: text('The secret: keep it out of logs and command lines'),
    serverAddress: text('What clients file the login under'),
    issuedAt: time('Since when it is valid'),
    expiresAt: z.nullable(time('Null: it does not run out')),
    refreshAfter: time('Until then the answer may be used without asking again'),
    version: credentialVersion(),
    registryId: registryId(),
  })
  .check(z.meta({ description: 'A credential that works now' }));

const tls = z.strictObject({
  ca: z.optional(text('Certificates in PEM to trust for this registry')),
  skipVerify: z.optional(z.literal(true)),
  plainHttp: z.optional(z.literal(true)),
});

const resolution = z.strictObject({ image: text('As it was asked'), reference, decision, credential, tls });

const registryReference = z.strictObject({
  id: registryId(),
  address: z.string(),
  kind: text('How its credential is obtained'),
  state: z.enum(['active', 'inactive']),
});

const rulesLookedAt = z.nullable(z.strictObject(explainedRules));

const explanation = z.strictObject({
  image: text('As it was asked'),
  reference,
  decision,
  rules: z
    .strictObject({ organisation: rulesLookedAt, environment: rulesLookedAt })
    .check(z.meta({ description: 'The policies as they are; null where nobody has set one' })),
  outcome: z
    .enum(['denied', 'no_credential', 'registry_inactive', 'released', 'unavailable'])
    .check(z.meta({ description: 'What resolve would answer' })),
  why: text('One sentence for a person'),
  registry: z.nullable(registryReference).check(z.meta({ description: 'The one that would answer' })),
  credentialState: z.nullable(z.enum(['fresh', 'stale', 'expired', 'pending'])),
  overridden: z
    .array(registryReference)
    .check(z.meta({ description: 'Others that are for the image, in their order' })),
});

const dockerConfig = z.strictObject({
  auths: z.record(
    z.string(),
    z.strictObject({
      username: z.string(),
      password: z.string(),
      auth: text('Both, joined by a colon, in Base64: some readers use only this'),
    }),
  ),
});

/** The secret of every example is the same, and no registry's. */
const PASSWORD = 'the-secret';

export const pullAnswers: Answers = {
  'POST /v1/environments/{environment}/resolve': {
    200: {
      schema: resolution,
      example: {
        image: 'quay.io/team/app:1',
        reference: referenceExample,
        decision: decisionExample,
        credential: {
          username: 'team+puller',
          password: PASSWORD,
          serverAddress: 'quay.io',
          issuedAt: '2026-03-02T09:30:00.000Z',
          expiresAt: null,
          refreshAfter: '2026-03-02T10:00:02.500Z',
          version: '0c7d5f0e-6a55-4a0e-9f0b-3a4b3c1f9f43',
          registryId: ID,
        },
        tls: {},
      },
    },
  },
  'POST /v1/environments/{environment}/docker-credential': {
    200: {
      contentType: 'text/plain',
      schema: text('One line of JSON: ServerURL, as it was asked, Username and Secret'),
      example: JSON.stringify({ ServerURL: 'quay.io', Username: 'team+puller', Secret: PASSWORD }),
      headers: {
        'pullpass-refresh-in': 'Seconds for which a host may use the answer without asking again',
        'pullpass-expires-in': 'Seconds for which the credential works; "never" for one that does not run out',
      },
    },
    404: {
      contentType: 'text/plain',
      schema: z.literal(HELPER_NOT_FOUND),
      example: HELPER_NOT_FOUND,
    },
  },
  'POST /v1/environments/{environment}/explain': {
    200: {
      schema: explanation,
      example: {
        image: 'quay.io/team/app:1',
        reference: referenceExample,
        decision: decisionExample,
        rules: { organisation: null, environment: rulesExample },
        outcome: 'released',
        why: 'the most specific, most recently added registry at quay.io answers',
        registry: { id: ID, address: 'quay.io', kind: 'static', state: 'active' },
        credentialState: 'fresh',
        overridden: [],
      },
    },
  },
  'GET /v1/environments/{environment}/docker-config': {
    200: {
      schema: dockerConfig,
      example: {
        auths: {
          'quay.io': { username: 'team+puller', password: PASSWORD, auth: 'dGVhbStwdWxsZXI6dGhlLXNlY3JldA==' },
        },
      },
    },
  },
};
