/**
 * A registry as every answer shows it: documents.ts makes it, this describes it, and the tests hold the two together. Strict,
 * so that a field nobody described is found.
 */
import * as z from 'zod/mini';
import { MINT_FAILURE_CODES } from '../../../domain/credential.ts';
import { VERIFICATION_STATUSES, VERIFICATION_WARNINGS } from '../../../domain/registry.ts';
import { storedSettings as ecrSettings } from '../../../sources/ecr/ecr-settings.ts';
import { storedSettings as googleSettings } from '../../../sources/google/google-settings.ts';
import { storedSettings as staticSettings } from '../../../sources/static.ts';
import { credentialVersion, registryId, text, time } from './values.ts';

const source = z
  .union([
    z.strictObject(staticSettings.shape),
    z.strictObject(ecrSettings.shape),
    z.strictObject(googleSettings.shape),
  ])
  .check(z.meta({ description: 'How its credential is obtained, without what is secret in it' }));

const tls = z
  .strictObject({
    ca: z.optional(text('Certificates in PEM that are trusted for this registry')),
    skipVerify: z.optional(z.literal(true)),
    plainHttp: z.optional(z.literal(true)),
  })
  .check(z.meta({ description: "Empty: HTTPS with the system's trusted authorities" }));

const lastError = z.strictObject({
  code: z.enum(MINT_FAILURE_CODES),
  at: time('When it failed last'),
});

const credential = z.strictObject({
  state: z
    .enum(['fresh', 'stale', 'expired', 'pending'])
    .check(
      z.meta({ description: 'stale: works, and its refresh failed or is late; pending: there has never been one' }),
    ),
  username: z.nullable(text('What a client logs in as')),
  issuedAt: z.nullable(time('Since when it is valid')),
  expiresAt: z.nullable(time('Null where it does not run out, or is not there yet')),
  secondsLeft: z.nullable(z.int().check(z.meta({ description: 'Negative when it has run out' }))),
  nextRefreshAt: z.nullable(time('Null for what is not refreshed, and while the registry is inactive')),
  version: z.nullable(credentialVersion()),
  lastError: z.nullable(lastError),
});

const drift = z
  .strictObject({
    from: z.enum([...VERIFICATION_STATUSES, ...VERIFICATION_WARNINGS]),
    at: time('Since when it is known'),
  })
  .check(z.meta({ description: 'It was well and is not any more; null when it is as well as it ever was' }));

const verification = z.strictObject({
  status: z
    .enum(VERIFICATION_STATUSES)
    .check(z.meta({ description: 'What came of the last login; only verified is a success' })),
  at: time('When it was logged in to last'),
  warning: z.nullable(
    z.enum(VERIFICATION_WARNINGS).check(
      z.meta({
        description:
          'What the success leaves open. accepts_anyone: it answers the same without a credential, so this one is not proven. pull_not_proven: the login is proven, pulling is not, until a probe is named',
      }),
    ),
  ),
  drift: z.nullable(drift),
});

const environmentNames = z.array(z.string().check(z.regex(/^(?:\*|[a-z0-9-]{1,63})$/)));

function others(description: string) {
  const named = 'Where; "*" stands for every environment that no registry at the address names';
  const other = z.strictObject({
    id: registryId(),
    environments: environmentNames.check(z.meta({ description: named })),
  });
  return z.array(other).check(z.meta({ description }));
}

export const registryAnswer = z
  .strictObject({
    id: registryId(),
    address: text('host[:port][/path], canonical; never changes'),
    environments: environmentNames.check(
      z.meta({ description: 'Which environments may use it; "*" stands for every one' }),
    ),
    state: z.enum(['active', 'inactive']),
    overridden: z
      .boolean()
      .check(z.meta({ description: 'In every environment it is for, another one at the same address answers' })),
    overrides: others('Registries at the same address that this one answers instead of; the newest first'),
    overriddenBy: others('Registries at the same address that answer instead of this one; the newest first'),
    source,
    tls,
    probe: z.nullable(z.strictObject({ repository: text('Verification asks to pull from it') })),
    trustedRealms: z.array(text('host[:port] that its token realm may name, beside its own')),
    email: z.nullable(z.string()),
    description: z.nullable(z.string()),
    expiresOn: z.nullable(
      z.iso
        .date()
        .check(z.meta({ description: 'Last day (UTC) on which its typed password works, as an administrator said' })),
    ),
    expiresInDays: z.nullable(
      z.int().check(z.meta({ description: 'Until expiresOn: 0 on the day itself, negative after it' })),
    ),
    credential,
    verification: z.nullable(verification),
    createdAt: time('When it was added'),
    updatedAt: time('When an administrator changed it last'),
    revision: z.int().check(z.minimum(1), z.meta({ description: 'Counts changes; the ETag, for If-Match' })),
  })
  .check(z.meta({ id: 'Registry', description: 'A registry; no secret is in it' }));

export const registryExample: z.input<typeof registryAnswer> = {
  id: '01k2v9m6q3t8w5x7y0z1a2b3c4',
  address: 'harbor.example:5000/team',
  environments: ['prod', 'ci'],
  state: 'active',
  overridden: false,
  overrides: [{ id: '01k1z8t4n2r6v0w3x5y7z9a1b2', environments: ['ci', 'prod'] }],
  overriddenBy: [],
  source: { kind: 'static', username: 'robot$pullpass' },
  tls: {},
  probe: { repository: 'team/app' },
  trustedRealms: [],
  email: null,
  description: 'The platform team’s Harbor',
  expiresOn: '2026-12-31',
  expiresInDays: 304,
  credential: {
    state: 'fresh',
    username: 'robot$pullpass',
    issuedAt: '2026-03-02T09:30:00.000Z',
    expiresAt: null,
    secondsLeft: null,
    nextRefreshAt: null,
    version: '0c7d5f0e-6a55-4a0e-9f0b-3a4b3c1f9f43',
    lastError: null,
  },
  verification: { status: 'verified', at: '2026-03-02T09:30:00.000Z', warning: null, drift: null },
  createdAt: '2026-03-02T09:30:00.000Z',
  updatedAt: '2026-03-02T09:30:00.000Z',
  revision: 1,
};
