/** Pullpass's HTTP API as a test calls it. What it answers is checked as far as the tests build on it. */
import * as z from 'zod/mini';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON, else undefined. */
  readonly body: unknown;
  readonly text: string;
}

const REGISTRY = z.looseObject({ id: z.string(), address: z.string(), state: z.string(), revision: z.number() });
export type RegistryAnswer = z.infer<typeof REGISTRY>;

const AGENT = z.looseObject({ id: z.string(), token: z.string() });

export interface NewAgent {
  readonly name: string;
  readonly environments: readonly string[];
  readonly [further: string]: unknown;
}

export interface Api {
  /** Any call, `PUT /v1/policy` for example; every status is an answer. */
  call(call: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Throws unless it is created. */
  addRegistry(registry: Readonly<Record<string, unknown>>): Promise<RegistryAnswer>;
  getRegistry(id: string): Promise<RegistryAnswer>;
  createAgent(agent: NewAgent): Promise<{ readonly id: string; readonly token: string }>;
  /** Replaces an environment's policy, or with `undefined` the organisation's; what is not named is unset. Throws if refused. */
  setPolicy(environment: string | undefined, policy: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** The same API under another token. */
  as(token: string): Api;
}

const NO_POLICY = { whitelist: null, deny: [], defaultRegistry: null, mode: null };

function parsed(text: string, contentType: string): unknown {
  return contentType.includes('json') ? JSON.parse(text) : undefined;
}

export function createApi(url: string, token: string): Api {
  const call: Api['call'] = async (methodAndPath, body, headers = {}) => {
    const [method = '', path = ''] = methodAndPath.split(' ');
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    return { status: response.status, headers: response.headers, body: parsed(text, contentType), text };
  };
  const succeed: Api['call'] = async (methodAndPath, ...rest) => {
    const answer = await call(methodAndPath, ...rest);
    if (answer.status >= 300) throw new Error(`${methodAndPath}: ${answer.status} ${answer.text}`);
    return answer;
  };
  return {
    call,
    addRegistry: async (registry) => REGISTRY.parse((await succeed('POST /v1/registries', registry)).body),
    getRegistry: async (id) => REGISTRY.parse((await succeed(`GET /v1/registries/${id}`)).body),
    createAgent: async (agent) => AGENT.parse((await succeed('POST /v1/agents', agent)).body),
    setPolicy: async (environment, policy) => {
      const path = environment === undefined ? '/v1/policy' : `/v1/environments/${environment}/policy`;
      const tag = (await call(`GET ${path}`)).headers.get('etag');
      return succeed(`PUT ${path}`, { ...NO_POLICY, ...policy }, tag === null ? {} : { 'if-match': tag });
    },
    as: (other) => createApi(url, other),
  };
}
