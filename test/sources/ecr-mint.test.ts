import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { ecrSource } from '../../lib/sources/ecr.ts';
import type { AcceptedSource, SourceKind } from '../../lib/sources/source-kind.ts';
import {
  startAwsWireServer,
  VENDOR_TEXT,
  type AwsFault,
  type AwsRequest,
  type AwsWireServer,
  type IssuedToken,
} from '../support/aws-wire-server.ts';
import { accepted, expectNothingShown, mint, minted, mintFailure } from './source-calls.ts';

const at = '111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const roleArn = 'arn:aws:iam::444455556666:role/pull-images';
const OWN = { accessKeyId: 'AKIAOWNIDENTITY00000', secretAccessKey: 'canary-own-secret' };
const GIVEN = { accessKeyId: 'AKIAGIVENTOREGISTRY0', secretAccessKey: 'canary-given-secret' };
const HOUR = 3_600_000;

let server: AwsWireServer;
let source: SourceKind;
let issue: ((request: AwsRequest) => IssuedToken) | undefined;
let sessionSeconds: number | undefined;

const plain = accepted(ecrSource(), { at, input: { kind: 'ecr' } });
const withRole = accepted(ecrSource(), { at, input: { kind: 'ecr', roleArn } });
const withKey = accepted(ecrSource(), { at, input: { kind: 'ecr', ...GIVEN } });

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function start(): Promise<void> {
  server = await startAwsWireServer({
    accessKeys: {
      [OWN.accessKeyId]: OWN.secretAccessKey,
      [GIVEN.accessKeyId]: GIVEN.secretAccessKey,
    },
    roles: { [roleArn]: textOf(withRole.settings['externalId']) },
    ...(issue === undefined ? {} : { issue }),
    ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
  });
  source = ecrSource({ endpoint: server.endpoint, credentials: OWN });
}

async function restart(changes: { issue?: typeof issue; sessionSeconds?: number }): Promise<void> {
  await server.close();
  ({ issue, sessionSeconds } = { issue: undefined, sessionSeconds: undefined, ...changes });
  await start();
}

beforeEach(async () => {
  issue = undefined;
  sessionSeconds = undefined;
  await start();
});
afterEach(async () => {
  await server.close();
});

function holderOf(password: Secret): unknown {
  const holder: unknown = JSON.parse(Buffer.from(password.reveal(), 'base64').toString());
  return holder;
}

describe('minting an ECR login', () => {
  it("asks in the registry's region, with Pullpass's own identity", async () => {
    const credential = await minted(source, { at, source: plain });
    expect(credential.username).toBe('AWS');
    expect(holderOf(credential.password)).toMatchObject({
      principal: OWN.accessKeyId,
      region: 'eu-west-1',
      service: 'ecr',
    });
    expect(credential.expiresAt).toBeGreaterThan(Date.now() + 11 * HOUR);
    expect(server.requests).toHaveLength(1);
  });

  it('asks for every region with a client of that region, also the second time', async () => {
    const regions = ['eu-west-1', 'us-east-2', 'eu-west-1', 'cn-north-1'];
    for (const region of regions) {
      const host = `111122223333.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
      const { password } = await minted(source, { at: host, source: plain });
      expect(holderOf(password)).toMatchObject({ region });
    }
    expect(server.requests.map(({ region }) => region)).toEqual(regions);
  });

  it("takes the upstream's region behind another name", async () => {
    const name = 'registry.example.com';
    const upstream = at.replace('eu-west-1', 'ap-south-1');
    const kept = accepted(source, { at: name, input: { kind: 'ecr', upstream, ...GIVEN } });
    await minted(source, { at: name, source: kept });
    expect(server.requests[0]?.region).toBe('ap-south-1');
  });

  it.each([
    ['no role', {}],
    ['a role', { roleArn }],
  ])('asks AWS for nothing with its own identity and %s, for a host that nobody named to it', async (_name, fields) => {
    const name = 'registry.example.com:5000';
    const kept = accepted(source, { at: name, input: { kind: 'ecr', upstream: at, ...fields } });
    const unnamed = ecrSource({
      endpoint: server.endpoint,
      credentials: OWN,
      ecrUpstreamHosts: ['registry.example.com'],
    });
    expect((await mintFailure(unnamed, { at: name, source: kept })).code).toBe('destination_refused');
    expect(server.requests).toEqual([]);
    const named = ecrSource({ endpoint: server.endpoint, credentials: OWN, ecrUpstreamHosts: [name] });
    expect(await mintFailure(named, { at: name, source: kept }).catch(() => 'minted')).not.toMatchObject({
      code: 'destination_refused',
    });
    expect(server.requests.length).toBeGreaterThan(0);
  });

  it('asks ECR Public in us-east-1', async () => {
    const { password } = await minted(source, { at: 'public.ecr.aws', source: plain });
    expect(holderOf(password)).toMatchObject({ service: 'ecr-public', region: 'us-east-1' });
  });

  it('uses the access key of the registry, and never afterwards for another one', async () => {
    const first = await minted(source, { at, source: withKey });
    const second = await minted(source, { at, source: plain });
    expect(holderOf(first.password)).toMatchObject({ principal: GIVEN.accessKeyId });
    expect(holderOf(second.password)).toMatchObject({ principal: OWN.accessKeyId });
  });

  it('cuts the login at the first colon only', async () => {
    await restart({ issue: () => ({ password: 'a:b:c', expiresAt: Date.now() + HOUR }) });
    expect((await minted(source, { at, source: plain })).password.reveal()).toBe('a:b:c');
  });

  it("runs out when the answer says, to the service's own time", async () => {
    const expiresAt = Math.floor(Date.now() / 1000) * 1000 + 20 * 60_000;
    await restart({ issue: () => ({ password: 'x', expiresAt }) });
    expect((await minted(source, { at, source: plain })).expiresAt).toBe(expiresAt);
  });
});

describe('minting through a role', () => {
  it("becomes the role with the registry's external id, and asks with its session", async () => {
    const { password, expiresAt } = await minted(source, { at, source: withRole });
    const [assume] = server.requests;
    expect(assume).toMatchObject({ service: 'sts', region: 'eu-west-1', principal: OWN.accessKeyId });
    expect(assume?.parameters).toMatchObject({
      Action: 'AssumeRole',
      RoleArn: roleArn,
      ExternalId: withRole.settings['externalId'],
      RoleSessionName: `pullpass@${at}`,
      DurationSeconds: '3600',
    });
    expect(assume?.parameters).not.toHaveProperty('Policy');
    expect(holderOf(password)).toMatchObject({ principal: roleArn });
    // The login would live for 12 hours; the session it came from lives for one.
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + HOUR);
    expect(expiresAt).toBeGreaterThan(Date.now() + HOUR - 60_000);
  });

  it('narrows the session to pulling the named repositories', async () => {
    const input = { kind: 'ecr', roleArn, repositories: ['team/app', 'base/*'] };
    await minted(source, { at, source: accepted(source, { at, input }) });
    const policy: unknown = JSON.parse(server.requests[0]?.parameters['Policy'] ?? '');
    expect(policy).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
        {
          Effect: 'Allow',
          Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          Resource: [
            'arn:aws:ecr:eu-west-1:111122223333:repository/team/app',
            'arn:aws:ecr:eu-west-1:111122223333:repository/base/*',
          ],
        },
      ],
    });
  });

  it("writes the region's partition into the session policy", async () => {
    const host = '111122223333.dkr.ecr.us-gov-west-1.amazonaws.com';
    const input = { kind: 'ecr', roleArn: roleArn.replace('aws', 'aws-us-gov'), repositories: ['app'] };
    await mint(source, { at: host, source: accepted(source, { at: host, input }) });
    expect(server.requests[0]?.parameters['Policy']).toContain(
      '"arn:aws-us-gov:ecr:us-gov-west-1:111122223333:repository/app"',
    );
  });

  it('becomes the role from the access key where one is given', async () => {
    const kept = accepted(source, { at, input: { kind: 'ecr', roleArn, ...GIVEN } });
    await minted(source, { at, source: kept });
    expect(server.requests.map(({ principal }) => principal)).toEqual([GIVEN.accessKeyId, roleArn]);
  });

  it('keeps a session name within what AWS takes', async () => {
    const host = '111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com';
    const input = { kind: 'ecr', roleArn: roleArn.replace('aws', 'aws-us-gov') };
    await mint(source, { at: host, source: accepted(source, { at: host, input }) });
    expect(server.requests[0]?.parameters['RoleSessionName']).toMatch(/^[\w+=,.@-]{2,64}$/);
  });

  it('answers bad_answer for a session that has run out', async () => {
    await restart({ sessionSeconds: -60 });
    expect((await mintFailure(source, { at, source: withRole })).code).toBe('bad_answer');
  });

  it('says which external id to trust when the role may not be assumed', async () => {
    const stranger = accepted(source, { at: `${at}/team`, input: { kind: 'ecr', roleArn } });
    const failed = await mintFailure(source, { at: `${at}/team`, source: stranger });
    expect(failed.code).toBe('denied');
    expect(failed.advice).toContain(stranger.settings['externalId']);
    expect(failed.advice).toContain('trust policy');
  });

  it('says which action to allow when the role may not ask for a login', async () => {
    server.always('ecr', { kind: 'error', status: 400, code: 'AccessDeniedException' });
    const failed = await mintFailure(source, { at, source: withRole });
    expect(failed.code).toBe('denied');
    expect(failed.advice).toContain('ecr:GetAuthorizationToken');
    expect(failed.advice).not.toContain('trust policy');
  });
});

const error = (code: string, status = 400): AwsFault => ({ kind: 'error', code, status });
const answer = (body: unknown): AwsFault => ({ kind: 'answer', body: JSON.stringify(body) });
const login = (token: string, expiresAt: unknown = Date.now() / 1000 + 3600): AwsFault =>
  answer({ authorizationData: [{ authorizationToken: Buffer.from(token).toString('base64'), expiresAt }] });

describe('a failure of ECR', () => {
  it.each<[string, AwsFault, string]>([
    ['throttling', error('ThrottlingException'), 'throttled'],
    ['throttling by status', error('SomethingException', 429), 'throttled'],
    ['too many requests', error('TooManyRequestsException', 429), 'throttled'],
    ['a limit', error('LimitExceededException'), 'throttled'],
    ['a refusal', error('AccessDeniedException'), 'denied'],
    ['an unknown key', error('UnrecognizedClientException'), 'denied'],
    ['an expired token', error('ExpiredTokenException'), 'denied'],
    ['a wrong signature', error('InvalidSignatureException'), 'denied'],
    ['an outage', error('ServerException', 500), 'unavailable'],
    ['an outage without a name', { kind: 'error', code: '', status: 503 }, 'unavailable'],
    ['a dropped connection', { kind: 'drop' }, 'unreachable'],
    ['no data', answer({}), 'bad_answer'],
    ['empty data', answer({ authorizationData: [] }), 'bad_answer'],
    ['an empty token', answer({ authorizationData: [{ authorizationToken: '', expiresAt: 9e9 }] }), 'bad_answer'],
    [
      'a token that is not base64',
      answer({ authorizationData: [{ authorizationToken: 'canary!', expiresAt: 9e9 }] }),
      'bad_answer',
    ],
    ['a token without a colon', login('canary'), 'bad_answer'],
    ['a login without a password', login('AWS:'), 'bad_answer'],
    ['a login without a user', login(':canary'), 'bad_answer'],
    ['a login with a line break', login('AWS:canary\n'), 'bad_answer'],
    ['a login that has run out', login('AWS:canary', 1_000_000), 'bad_answer'],
    ['a login without an end', answer({ authorizationData: [{ authorizationToken: 'QVdTOng=' }] }), 'bad_answer'],
    ['a login with an unreadable end', login('AWS:canary', 'soon'), 'bad_answer'],
    ['a page of a proxy', { kind: 'answer', body: '<html>canary</html>' }, 'bad_answer'],
    ['an empty body', { kind: 'answer', body: '' }, 'bad_answer'],
  ])('%s has its code, and nothing of it is shown', async (_name, fault, code) => {
    server.always('ecr', fault);
    const failed = await mintFailure(source, { at, source: withKey });
    expect(failed.code).toBe(code);
    expectNothingShown(failed, [VENDOR_TEXT, 'canary', GIVEN.accessKeyId]);
    expect(server.requests.length).toBeLessThanOrEqual(2);
  });

  it('passes on how long to wait', async () => {
    // Twice, since one more attempt is made; the SDK waits as long as it is told in between.
    server.always('ecr', { kind: 'error', status: 400, code: 'ThrottlingException', headers: { 'retry-after': '1' } });
    expect((await mintFailure(source, { at, source: plain })).retryAfterSeconds).toBe(1);
  });

  it('is overcome by one more attempt where the connection broke', async () => {
    server.script('ecr', { kind: 'drop' });
    expect((await mint(source, { at, source: plain })).ok).toBe(true);
    expect(server.requests).toHaveLength(2);
  });

  it('is told apart: a wrong secret access key and an access key that is gone', async () => {
    const wrong = accepted(source, { at, input: { kind: 'ecr', ...GIVEN, secretAccessKey: 'wrong' } });
    const gone = accepted(source, { at, input: { kind: 'ecr', ...GIVEN, accessKeyId: 'AKIANOBODYKNOWSTHIS0' } });
    const failures = [
      await mintFailure(source, { at, source: wrong }),
      await mintFailure(source, { at, source: gone }),
    ];
    expect(failures.map(({ code }) => code)).toEqual(['denied', 'denied']);
    expect(failures[0]?.advice).not.toBe(failures[1]?.advice);
  });

  it('ends with timeout when the caller gives up, at once or while it hangs', async () => {
    server.always('ecr', { kind: 'hang' });
    const giveUp = new AbortController();
    const waiting = mintFailure(source, { at, source: plain, signal: giveUp.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    giveUp.abort();
    expect((await waiting).code).toBe('timeout');
    expect((await mintFailure(source, { at, source: plain, signal: AbortSignal.abort() })).code).toBe('timeout');
    expect(server.requests).toHaveLength(1);
  });

  it('ends with timeout when the caller gives up while the SDK pauses as it was told to', async () => {
    server.always('ecr', { kind: 'error', status: 503, code: 'ServerException', headers: { 'retry-after': '600' } });
    const giveUp = new AbortController();
    const waiting = mintFailure(source, { at, source: plain, signal: giveUp.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    giveUp.abort();
    expect((await waiting).code).toBe('timeout');
  });

  it('ends with timeout when attempts hang', async () => {
    const impatient = ecrSource({ endpoint: server.endpoint, credentials: OWN, attemptTimeoutMilliseconds: 50 });
    server.always('ecr', { kind: 'hang' });
    expect((await mintFailure(impatient, { at, source: plain })).code).toBe('timeout');
  });

  it('is unreachable where nobody listens', async () => {
    await server.close();
    expect((await mintFailure(source, { at, source: plain })).code).toBe('unreachable');
    await start();
  });
});

describe('a failure of STS', () => {
  it.each<[string, AwsFault, string]>([
    ['throttling', error('Throttling'), 'throttled'],
    ['a refusal', error('AccessDenied', 403), 'denied'],
    ['an unknown key', error('InvalidClientTokenId', 403), 'denied'],
    ['a wrong signature', error('SignatureDoesNotMatch', 403), 'denied'],
    ['an expired token', error('ExpiredToken'), 'denied'],
    ['a policy that is too long', error('PackedPolicyTooLarge'), 'denied'],
    ['a region that is off', error('RegionDisabledException', 403), 'denied'],
    ['an outage', error('InternalFailure', 500), 'unavailable'],
    ['a dropped connection', { kind: 'drop' }, 'unreachable'],
    [
      'no credentials',
      { kind: 'answer', body: '<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>' },
      'bad_answer',
    ],
    ['a page of a proxy', { kind: 'answer', body: 'canary' }, 'bad_answer'],
  ])('%s has its code, and ECR is not asked', async (_name, fault, code) => {
    server.always('sts', fault);
    const failed = await mintFailure(source, { at, source: withRole });
    expect(failed.code).toBe(code);
    expectNothingShown(failed, [VENDOR_TEXT, 'canary']);
    expect(server.requests.every(({ service }) => service === 'sts')).toBe(true);
  });
});

describe('what an ECR source shows', () => {
  it('holds no secret: of its own, of the registry, of the session, of the login', async () => {
    const kept = accepted(source, { at, input: { kind: 'ecr', roleArn, ...GIVEN } });
    const results = [kept, await mint(source, { at, source: kept }), source];
    expect(server.secrets).toHaveLength(3);
    expectNothingShown(results, [...server.secrets, GIVEN.secretAccessKey, OWN.secretAccessKey]);
  });

  it.each<[string, AcceptedSource, string]>([
    ['settings that nobody can read', { settings: { kind: 'ecr', upstream: 7 } }, 'internal'],
    ['an access key whose secret is gone', { settings: withKey.settings }, 'bad_secret'],
    ['a secret of another shape', { settings: withKey.settings, secret: new Secret('canary') }, 'bad_secret'],
  ])('is a code for %s, and AWS is not asked', async (_name, kept, code) => {
    const failed = await mintFailure(source, { at, source: kept });
    expect(failed.code).toBe(code);
    expectNothingShown(failed, ['canary']);
    expect(server.requests).toHaveLength(0);
  });
});
