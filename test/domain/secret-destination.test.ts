import { describe, expect, it } from 'vitest';
import { destinationFault, ownIdentityFault, parseOperatorHosts } from '../../lib/domain/secret-destination.ts';
import type { Registry, SourceSettings } from '../../lib/domain/registry.ts';
import { canonicalAddress } from '../support/registry-fixture.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const CHINA = '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn';
const GOOGLE = 'europe-docker.pkg.dev';
const NAMED = 'docker.corp.example:5000';
const OTHER = 'evil.example';

const OWN: SourceSettings = { kind: 'ecr' };
const ROLE: SourceSettings = { kind: 'ecr', roleArn: 'arn:aws:iam::123456789012:role/pull', externalId: 'x' };
const KEYED: SourceSettings = { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01' };
const STATIC: SourceSettings = { kind: 'static', username: 'bob' };
const KEY_FILE: SourceSettings = { kind: 'google', clientEmail: 'x' };
const behind = (source: SourceSettings): SourceSettings => ({ ...source, upstream: ECR });

const PLAIN = { tls: { plainHttp: true } } as const;
const SKIP = { tls: { skipVerify: true } } as const;
const CA = { tls: { ca: 'pem' } } as const;
const REALM = { trustedRealms: ['auth.example'] } as const;

type Way = Partial<Pick<Registry, 'tls' | 'trustedRealms'>>;

function faultAt(host: string, source: SourceSettings, way: Way = {}): string | undefined {
  const destination = { address: canonicalAddress(host), source, tls: {}, ...way };
  return destinationFault(destination, { ecrUpstreamHosts: [NAMED] })?.field;
}

describe('a secret may go', () => {
  it.each<[string, string, SourceSettings, Way]>([
    ["a token of Pullpass's own identity, to ECR", ECR, OWN, {}],
    ['one through a role, to a path on ECR', `${ECR}/team`, ROLE, {}],
    ['one of another partition, to its own hosts', CHINA, OWN, {}],
    ['one of ECR Public, to it', 'public.ecr.aws', OWN, {}],
    ['one of its own identity, to a host that was named', NAMED, behind(OWN), {}],
    ['the same, to a path there, under a custom CA', `${NAMED}/team`, behind(ROLE), CA],
    ["one of an administrator's access key, to any host, in any way", OTHER, behind(KEYED), { ...PLAIN, ...REALM }],
    ['a typed password, to any host, in any way', OTHER, STATIC, { ...SKIP, ...REALM }],
    ["a token of an administrator's key file, to any host, in any way", OTHER, KEY_FILE, { ...PLAIN, ...REALM }],
    ['a typed password, to Google under a custom CA', GOOGLE, STATIC, CA],
  ])('%s', (_name, host, source, way) => {
    expect(faultAt(host, source, way)).toBeUndefined();
  });
});

it("a token of Pullpass's own identity may go to ECR under a custom CA where the operator named that very host", () => {
  const destination = { address: canonicalAddress(ECR), source: OWN, ...CA };
  expect(destinationFault(destination, { ecrUpstreamHosts: [ECR] })).toBeUndefined();
  expect(destinationFault({ ...destination, ...SKIP }, { ecrUpstreamHosts: [ECR] })?.field).toBe('tls.skipVerify');
});

it.each([
  ["an administrator's access key", KEYED],
  ['a typed password', STATIC],
])(
  'no secret goes to ECR under a custom CA, as hosts would trust it for other registries there, too: %s',
  (_name, source) => {
    expect(faultAt(ECR, source, CA)).toBe('tls.ca');
    const destination = { address: canonicalAddress(ECR), source, ...CA };
    expect(destinationFault(destination, { ecrUpstreamHosts: [ECR] })).toBeUndefined();
  },
);

describe("a token of Pullpass's own identity never goes", () => {
  it.each<[string, string, SourceSettings, Way, string]>([
    ['to a host that nobody named', OTHER, behind(OWN), {}, 'source.upstream'],
    ['to one through a role', OTHER, behind(ROLE), {}, 'source.upstream'],
    ['to another port of a host that was named', 'docker.corp.example', behind(OWN), {}, 'source.upstream'],
    ['to another port of an ECR host', `${ECR}:8443`, behind(OWN), {}, 'source.upstream'],
    ['to a host that looks like ECR', `${ECR}.evil.example`, behind(OWN), {}, 'source.upstream'],
    ['to a host of another partition than it is for', CHINA, behind(OWN), {}, 'source.upstream'],
    ['over plain HTTP to a named host', NAMED, behind(OWN), PLAIN, 'tls.plainHttp'],
    ['over unverified TLS to a named host', NAMED, behind(OWN), SKIP, 'tls.skipVerify'],
    ['to a token host that was added to a named host', NAMED, behind(OWN), REALM, 'trustedRealms'],
    ['to ECR under a custom CA', ECR, OWN, CA, 'tls.ca'],
    [
      'where the access key in its settings cannot be read',
      OTHER,
      { ...behind(OWN), accessKeyId: 7 },
      {},
      'source.upstream',
    ],
  ])('%s', (_name, host, source, way, field) => {
    expect(faultAt(host, source, way)).toBe(field);
    const destination = { address: canonicalAddress(host), source, tls: {}, ...way };
    expect(ownIdentityFault(destination, { ecrUpstreamHosts: [NAMED] })?.field).toBe(field);
  });
});

describe('no secret of any kind goes to a host of ECR or Google', () => {
  const hosts = [ECR, 'public.ecr.aws', GOOGLE, 'gcr.io', `${ECR}:80`, 'gcr.io:80'];
  const ways = [
    ['over plain HTTP', PLAIN, 'tls.plainHttp'],
    ['over unverified TLS', SKIP, 'tls.skipVerify'],
    ['by way of another token host', REALM, 'trustedRealms'],
  ] as const;
  it.each(hosts.flatMap((host) => ways.map(([name, way, field]) => [name, host, way, field] as const)))(
    '%s: %s',
    (_name, host, way, field) => {
      for (const source of [STATIC, KEYED, KEY_FILE]) expect(faultAt(host, source, way)).toBe(field);
    },
  );
});

describe('the hosts that the operator names', () => {
  it('are kept in the spelling that addresses are kept in, each once', () => {
    const parsed = parseOperatorHosts(['Docker.Corp.Example', 'docker.corp.example:443', 'registry.example:5000']);
    expect(parsed).toEqual({ ok: true, value: ['docker.corp.example', 'registry.example:5000'] });
  });

  it.each(['', '*', '*.corp.example', 'https://docker.corp.example', 'docker.corp.example/team', 'a b'])(
    'are hosts, and %j is none',
    (text) => {
      expect(parseOperatorHosts([text]).ok).toBe(false);
    },
  );
});
