/** Callers whom AWS IAM knows: the agent routes below /iam, and that neither proof is taken for the other. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { apiGatewayEvent, type GatewayCall } from '../support/api-gateway-event.ts';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { change, principalAgent } from '../stores/contract/entries.ts';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

const PASSWORD = 'canary-password-1';
const NODES = 'arn:aws:iam::123456789012:role/node-*';
const NODE = 'arn:aws:sts::123456789012:assumed-role/node-web/i-0123456789abcdef0';
const STRANGER = 'arn:aws:sts::123456789012:assumed-role/build/somebody';

let registry: BasicRegistry;
let pullpass: RunningPullpass;
let image: string;
let registryId: string;

beforeAll(async () => {
  registry = await startBasicRegistry({ puller: PASSWORD });
  image = `${registry.address}/team/app:1`;
});

afterAll(async () => {
  await registry.close();
});

beforeEach(async () => {
  pullpass = await startPullpass();
  const added = await pullpass.call('POST /v1/registries', {
    address: registry.address,
    source: { kind: 'static', username: 'puller', password: PASSWORD },
    environments: ['prod', 'ci'],
    tls: { plainHttp: true },
  });
  expect(added.status, added.text).toBe(201);
  registryId = fieldOf(added.body, 'id');
  return async () => {
    await pullpass.close();
  };
});

function fieldOf(body: unknown, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  if (typeof value !== 'string') throw new Error(`no ${name}`);
  return value;
}

async function bind(fields: Record<string, unknown> = {}): Promise<string> {
  const body = { name: 'nodes', environments: ['prod'], principal: NODES, ...fields };
  const bound = await pullpass.call('POST /v1/agents', body);
  expect(bound.status, bound.text).toBe(201);
  return fieldOf(bound.body, 'id');
}

interface GatewayAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: unknown;
}

async function through(call: GatewayCall): Promise<GatewayAnswer> {
  const answer = await pullpass.handler(apiGatewayEvent(call), LOCAL_CONTEXT);
  const text = answer.body ?? '';
  const json = /^[{[]/.test(text);
  const body: unknown = json ? JSON.parse(text) : undefined;
  return { status: answer.statusCode, headers: answer.headers ?? {}, text, body };
}

function resolveAs(userArn: string | undefined, environment = 'prod'): Promise<GatewayAnswer> {
  const what = `POST /iam/v1/environments/${environment}/resolve`;
  return through({ what, body: { image }, ...(userArn === undefined ? {} : { userArn }) });
}

describe('an agent with a principal', () => {
  it('has no token, and shows what it is bound to, also in the record', async () => {
    const body = { name: 'nodes', environments: ['prod'], principal: NODES };
    const bound = await pullpass.call('POST /v1/agents', body);
    expect(bound.status).toBe(201);
    expect(bound.body).toMatchObject({ name: 'nodes', role: 'agent', principal: NODES });
    expect(bound.body).not.toHaveProperty('token');
    expect((await pullpass.call('GET /v1/agents')).body).toMatchObject({
      items: [{ name: 'test admin', principal: null }, bound.body],
    });
    const detail = `nodes (agent) for prod, bound to ${NODES}`;
    expect((await pullpass.call('GET /v1/audit?limit=1')).body).toMatchObject({
      items: [{ action: 'agent.create', detail, subject: fieldOf(bound.body, 'id') }],
    });
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['every account', { principal: 'arn:aws:iam::*:role/node-*' }, 'principal', '12 digits'],
    ['a path', { principal: 'arn:aws:iam::123456789012:role/nodes/*' }, 'principal', "leave out the role's path"],
    ['no ARN', { principal: 'node-*' }, 'principal', 'must be the ARN'],
    ['no text', { principal: 5 }, 'principal', 'must be a text'],
    ['administration', { role: 'admin' }, 'role', 'an admin has a token'],
    ['no environment', { environments: [] }, 'environments', 'at least one'],
    ['an exporting viewer', { role: 'viewer', export: true }, 'export', 'never sees a secret'],
  ])('is refused for %s, and nothing is stored', async (_name, fields, field, rule) => {
    const body = { name: 'nodes', environments: ['prod'], principal: NODES, ...fields };
    const answer = await pullpass.call('POST /v1/agents', body);
    expect(answer.body).toMatchObject({ status: 400, errors: [{ field }] });
    expect(answer.text).toContain(rule);
    expect(await pullpass.store.catalogue.listPrincipals()).toEqual([]);
  });

  it('is one of 200 at most', async () => {
    for (let count = 0; count < 200; count += 1) await bind();
    const answer = await pullpass.call('POST /v1/agents', { name: 'x', environments: ['prod'], principal: NODES });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ field: 'principal' }] });
    expect((await pullpass.call('POST /v1/agents', { name: 'x', environments: ['prod'] })).status).toBe(201);
  });

  it('cannot be called by any token, not even one of its id', async () => {
    const id = await bind();
    const token = `pp_${id}_${'0'.repeat(64)}`;
    for (const what of ['POST /v1/environments/prod/resolve', 'GET /v1/agents']) {
      const answer = await pullpass.call(what, what.startsWith('POST') ? { image } : undefined, { token });
      expect(answer.status).toBe(401);
    }
  });
});

describe('a caller whom AWS IAM knows', () => {
  it('gets the credential, and the record says which host it was', async () => {
    const id = await bind();
    const answer = await resolveAs(NODE);
    expect(answer.body).toMatchObject({ credential: { username: 'puller', password: PASSWORD, registryId } });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await pullpass.call('GET /v1/audit?limit=1')).body).toMatchObject({
      items: [{ type: 'decision', outcome: 'released', agentId: id, name: 'nodes', principal: NODE }],
    });
  });

  it('has all routes of an agent', async () => {
    await bind({ export: true });
    const at = (path: string): string => `/iam/v1/environments/prod/${path}`;
    const helper = await through({ what: `POST ${at('docker-credential')}`, body: registry.address, userArn: NODE });
    expect(helper.body).toEqual({ ServerURL: registry.address, Username: 'puller', Secret: PASSWORD });
    const explained = await through({ what: `POST ${at('explain')}`, body: { image }, userArn: NODE });
    expect(explained.body).toMatchObject({ outcome: 'released' });
    const config = await through({ what: `GET ${at('docker-config')}?paths=true`, userArn: NODE });
    expect(config.body).toMatchObject({ auths: { [registry.address]: { password: PASSWORD } } });
    const rejection = { registryId, version: 'another' };
    const rejected = await through({ what: `POST ${at('rejections')}`, body: rejection, userArn: NODE });
    expect(rejected).toMatchObject({ status: 202, body: { outcome: 'superseded' } });
    const decisions = await pullpass.call('GET /v1/audit?type=decision');
    expect(decisions.body).toMatchObject({ items: [{ principal: NODE }, { principal: NODE }] });
  });

  it.each([
    ['GET', '/iam/v1/agents'],
    ['POST', '/iam/v1/agents'],
    ['GET', '/iam/v1/registries'],
    ['GET', '/iam/v1/status'],
    ['GET', '/iam/v1/audit'],
    ['PUT', '/iam/v1/policy'],
    ['GET', '/iam/healthz'],
    ['POST', '/iam/iam/v1/environments/prod/resolve'],
  ])('has no %s %s', async (method, path) => {
    await bind();
    expect((await through({ what: `${method} ${path}`, userArn: NODE })).status).toBe(404);
  });

  it('is told its own ARN and what to bind, when nobody has bound it', async () => {
    await bind();
    const answer = await resolveAs(STRANGER);
    expect(answer).toMatchObject({ status: 403, body: { code: 'principal_not_bound', principal: STRANGER } });
    expect(answer.text).toContain('bind one to arn:aws:iam::123456789012:role/build');
    const helper = await through({
      what: 'POST /iam/v1/environments/prod/docker-credential',
      body: registry.address,
      userArn: STRANGER,
    });
    expect(helper.text).toMatch(/^the caller is arn:[^\n]+ \(principal_not_bound\)$/);
    const config = await through({ what: 'GET /iam/v1/environments/prod/docker-config', userArn: STRANGER });
    expect(config.text).toBe(answer.text);
    expect(JSON.stringify(await pullpass.store.catalogue.listAudit({ limit: 9 }))).not.toContain('released');
  });

  it.each([
    ['the root of the account', 'arn:aws:iam::123456789012:root'],
    ['a federated user', 'arn:aws:sts::123456789012:federated-user/node-web'],
    ['another account', 'arn:aws:sts::210987654321:assumed-role/node-web/i-1'],
    ['another partition', 'arn:aws-cn:sts::123456789012:assumed-role/node-web/i-1'],
    ['a text that is no ARN', 'node-web'],
    ['a session that goes up', 'arn:aws:sts::123456789012:assumed-role/node-x/../'],
    ['a newline in a name', 'arn:aws:sts::123456789012:assumed-role/node-\n/i-1'],
  ])('is nobody here as %s', async (_name, userArn) => {
    await bind();
    expect(await resolveAs(userArn)).toMatchObject({ status: 403, body: { code: 'principal_not_bound' } });
  });

  it('may do what any of its agents may, and is recorded as the first that may', async () => {
    const past = { createdAt: 1, expiresAt: Date.now() - 1, environments: ['*'] };
    await pullpass.store.catalogue.addAgent(principalAgent({ id: 'ended', ...past }), change());
    const first = await bind({ name: 'looks', role: 'viewer', environments: [] });
    const prod = await bind({ name: 'prod' });
    await bind({ name: 'prod again' });
    const ci = await bind({ name: 'ci', environments: ['ci'], principal: 'arn:aws:iam::123456789012:role/*' });
    expect((await resolveAs(NODE, 'prod')).status).toBe(200);
    expect((await resolveAs(NODE, 'ci')).status).toBe(200);
    expect((await resolveAs(STRANGER, 'ci')).status).toBe(200);
    expect(await resolveAs(STRANGER, 'prod')).toMatchObject({ status: 403, body: { code: 'environment_not_allowed' } });
    expect((await pullpass.call('GET /v1/audit?type=decision')).body).toMatchObject({
      items: [{ agentId: ci, principal: STRANGER }, { agentId: ci, principal: NODE }, { agentId: prod }],
    });
    // Export is asked of each of them, too.
    const config = { what: 'GET /iam/v1/environments/ci/docker-config', userArn: NODE };
    expect(await through(config)).toMatchObject({ status: 403 });
    await bind({ name: 'exports', environments: ['ci'], export: true });
    expect((await through(config)).status).toBe(200);
    // And a viewer sees why in environments that none of the others opens.
    const explain = { what: 'POST /iam/v1/environments/other/explain', body: { image }, userArn: NODE };
    expect(await through(explain)).toMatchObject({ status: 200 });
    await pullpass.call(`DELETE /v1/agents/${first}`);
    expect(await through(explain)).toMatchObject({ status: 403, body: { code: 'environment_not_allowed' } });
  });

  it('is refused in the same words whether an environment exists or not', async () => {
    await bind();
    await pullpass.createAgent({ environments: ['secret-project'] });
    const existing = await resolveAs(NODE, 'secret-project');
    expect(existing.status).toBe(403);
    expect((await resolveAs(NODE, 'no-such-thing')).text).toBe(existing.text);
  });

  it('is nobody when the only agent it was is past its end', async () => {
    await pullpass.store.catalogue.addAgent(principalAgent({ principal: NODES, expiresAt: Date.now() - 1 }), change());
    expect(await resolveAs(NODE)).toMatchObject({ status: 403, body: { code: 'principal_not_bound' } });
  });

  it('can pull no more once its agent is deleted, and only then', async () => {
    const id = await bind();
    expect((await resolveAs(NODE)).status).toBe(200);
    expect((await pullpass.call(`DELETE /v1/agents/${id}`)).status).toBe(204);
    expect(await resolveAs(NODE)).toMatchObject({ status: 403, body: { code: 'principal_not_bound' } });
  });

  it('meets the same policy as everybody', async () => {
    await bind();
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: ['quay.io'] });
    expect(await resolveAs(NODE)).toMatchObject({ status: 403, body: { code: 'denied' } });
  });
});

describe('one proof is never taken for the other', () => {
  const ROUTES: readonly (readonly [string, string, unknown])[] = [
    ['POST', 'resolve', { image: 'alpine' }],
    ['POST', 'docker-credential', 'quay.io'],
    ['POST', 'explain', { image: 'alpine' }],
    ['GET', 'docker-config', undefined],
    ['POST', 'rejections', { registryId: 'x', version: 'y' }],
  ];

  it.each(ROUTES)('%s %s below /iam takes no token', async (method, path, body) => {
    const token = await pullpass.createAgent({ environments: ['prod'], export: true });
    const headers = { authorization: `Bearer ${token}` };
    const what = `${method} /iam/v1/environments/prod/${path}`;
    const answer = await through({ what, body, headers });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('SigV4');
    expect(answer.headers['www-authenticate']).toBe('AWS4-HMAC-SHA256');
    // With both, the principal counts, and it is bound to nothing.
    expect(await through({ what, body, headers, userArn: STRANGER })).toMatchObject({ status: 403 });
    // The same through a real socket, where nobody has checked a signature.
    const local = await pullpass.call(what, body, { token });
    expect(local.status).toBe(401);
  });

  it.each(ROUTES)('%s %s elsewhere takes no principal', async (method, path, body) => {
    await bind({ environments: ['*'], export: true });
    const answer = await through({ what: `${method} /v1/environments/prod/${path}`, body, userArn: NODE });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('Bearer');
  });

  it.each([
    'POST /v1/agents',
    'GET /v1/agents',
    'GET /v1/registries',
    'PUT /v1/policy',
    'GET /v1/status',
    'GET /v1/audit',
  ])('%s takes no principal', async (what) => {
    await bind({ role: 'viewer', environments: [] });
    expect((await through({ what, body: what.startsWith('GET') ? undefined : {}, userArn: NODE })).status).toBe(401);
  });

  it.each<[string, Partial<GatewayCall>]>([
    ['headers that look like it', { headers: { 'x-amzn-iam-user-arn': NODE, userarn: NODE, 'x-user-arn': NODE } }],
    [
      'a signature that nobody has checked',
      {
        headers: {
          authorization: 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20270101/eu-west-1/execute-api/aws4_request',
        },
      },
    ],
    [
      'a body with an authorizer',
      { body: { image: 'alpine', requestContext: { authorizer: { iam: { userArn: NODE } } } } },
    ],
    ['an authorizer of another kind', { authorizer: { jwt: { claims: { userArn: NODE }, scopes: [] } } }],
    ["a Lambda authorizer's words", { authorizer: { lambda: { userArn: NODE, iam: { userArn: NODE } } } }],
    ['an ARN beside its place', { authorizer: { userArn: NODE } }],
    ['an empty ARN', { authorizer: { iam: { userArn: '' } } }],
    ['an ARN that is no text', { authorizer: { iam: { userArn: [NODE] } } }],
    ['no ARN', { authorizer: { iam: { accountId: '123456789012' } } }],
    ['nothing where the identity should be', { authorizer: { iam: null } }],
  ])('below /iam a request with %s is not authenticated', async (_name, call) => {
    await bind();
    const answer = await through({ what: 'POST /iam/v1/environments/prod/resolve', body: { image }, ...call });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it.each([
    '/iam/v1/environments/prod/../../../v1/agents',
    '/IAM/v1/environments/prod/resolve',
    '//iam/v1/environments/prod/resolve',
    '/v1/iam/environments/prod/resolve',
    '/x/iam/v1/environments/prod/resolve',
  ])('%s is no way around', async (path) => {
    await bind();
    const event = apiGatewayEvent({ what: 'POST /', body: { image }, userArn: NODE });
    const answer = await pullpass.handler({ ...event, rawPath: path }, LOCAL_CONTEXT);
    expect([401, 404, 405]).toContain(answer.statusCode);
    expect(answer.body).not.toContain(PASSWORD);
  });
});

it('is described: the same operations, signed', async () => {
  const { body } = await pullpass.call('GET /openapi.json', undefined, { token: '' });
  const operation = (security: string) => ({ post: { security: [{ [security]: [] }] } });
  expect(body).toMatchObject({
    paths: {
      '/v1/environments/{environment}/resolve': operation('token'),
      '/iam/v1/environments/{environment}/resolve': operation('sigv4'),
      '/iam/v1/environments/{environment}/rejections': operation('sigv4'),
    },
    components: { securitySchemes: { sigv4: { type: 'apiKey' } } },
  });
  const paths: unknown = typeof body === 'object' && body !== null && 'paths' in body ? body.paths : {};
  const signed = Object.keys(paths ?? {}).filter((path) => path.startsWith('/iam/'));
  expect(signed).toHaveLength(6);
});
