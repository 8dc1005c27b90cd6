import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseJson } from '../../lib/http/json-body.ts';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

function read(body: string): unknown {
  const value: unknown = JSON.parse(body);
  return { ok: true, value };
}

function reasonFor(body: string): string | undefined {
  const parsed = parseJson(body);
  return parsed.ok ? undefined : parsed.failure.reason;
}

describe('a body that gives a name twice', () => {
  it.each([
    ['at the top', '{"whitelist":["quay.io"],"whitelist":["evil.io"]}', '"whitelist"'],
    ['with the same value', '{"a":1,"a":1}', '"a"'],
    ['in an object within', '{"tls":{"ca":"x","ca":"y"}}', '"ca"'],
    ['in a list', '{"registries":[{"id":"1"},{"id":"2","id":"3"}]}', '"id"'],
    ['after an object', '{"tls":{},"probe":[{}],"tls":{}}', '"tls"'],
    ['with white space', '{ "a" \n:\t1 , "b": 2, "a"\r\n: 2 }', '"a"'],
    ['once with escapes', String.raw`{"image":"x","im\u0061ge":"y"}`, '"image"'],
    ['behind texts that look like an end', String.raw`{"a":"}\"{","b":"\\","a":""}`, '"a"'],
    ['that objects have anyway', '{"__proto__":1,"__proto__":2}', '"__proto__"'],
  ])('%s is refused, and the name is told', (_, body, name) => {
    expect(reasonFor(body)).toContain(`gives ${name} twice`);
  });

  it('that may be a secret is refused without it', () => {
    const reason = reasonFor('{"p@ss word":1,"p@ss word":2}');
    expect(reason).toContain('gives a name twice');
    expect(reason).not.toContain('p@ss');
  });
});

describe('a body that gives each name once in an object', () => {
  it.each([
    ['the same name on two levels', '{"a":{"a":{"a":[{"a":1},{"a":2}]}}}'],
    ['a name that is a value, too', '{"a":"a","b":"a","c":["a","a"]}'],
    ['colons in texts', '{"a":"b\\":","b":"a:"}'],
    ['no object', '["a","a"]'],
  ])('is read: %s', (_, body) => {
    expect(parseJson(body)).toEqual(read(body));
  });

  it('is read, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        expect(parseJson(body)).toEqual(read(body));
      }),
      { numRuns: 2000 },
    );
  });

  it('and the name of any of its fields once more is refused', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(object, (document) => {
        const [name = ''] = Object.keys(document);
        const body = `${JSON.stringify(document).slice(0, -1)},${JSON.stringify(name)}:null}`;
        expect(reasonFor(body)).toContain('twice');
      }),
    );
  });
});

describe('calls', () => {
  let pullpass: RunningPullpass;
  let agent: string;

  beforeAll(async () => {
    pullpass = await startPullpass();
    agent = await pullpass.createAgent({ environments: ['prod'] });
  });

  afterAll(async () => {
    await pullpass.close();
  });

  it.each([
    ['PUT /v1/policy', '{"whitelist":["quay.io"],"whitelist":["evil.io"]}'],
    ['POST /v1/registries', '{"address":"quay.io","address":"evil.io"}'],
    ['POST /v1/registries/bulk', '{"action":"delete","action":"verify"}'],
    ['POST /v1/agents', '{"name":"x","role":"viewer","role":"admin"}'],
    ['POST /v1/policy/test', '{"images":["a"],"images":["b"]}'],
    ['POST /v1/environments/prod/resolve', '{"image":"quay.io/a","image":"quay.io/b"}'],
    ['POST /v1/environments/prod/explain', '{"image":"quay.io/a","image":"quay.io/b"}'],
    ['POST /v1/environments/prod/rejections', '{"version":"1","version":"2"}'],
  ])('%s refuses it', async (call, body) => {
    const asAgent = /resolve|explain|rejections/.test(call);
    const answer = await pullpass.call(call, body, asAgent ? { token: agent } : {});
    expect(answer.body).toMatchObject({ status: 400, code: 'bad_json' });
    expect(answer.text).toContain('twice');
  });

  it('PATCH /v1/registries/{id} refuses it', async () => {
    const source = { kind: 'static', username: 'u', password: 'canary-password-1' };
    const added = await pullpass.call('POST /v1/registries', {
      ...{ address: 'quay.io', source, environments: ['prod'], verify: false },
    });
    const id = /"id":"([^"]+)"/.exec(added.text)?.[1] ?? '';
    const answer = await pullpass.call(`PATCH /v1/registries/${id}`, '{"email":null,"email":null}');
    expect(answer.body).toMatchObject({ status: 400, code: 'bad_json' });
  });
});
