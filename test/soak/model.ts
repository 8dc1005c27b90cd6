/** What Pullpass must know: every acknowledged write, and the ones that may have come through. */
import * as z from 'zod/mini';
import { call, everyPage, releasedCredential } from './api.ts';
import { settle, type Belief } from './belief.ts';

export interface ModelRegistry {
  readonly address: string;
  readonly kind: 'static' | 'ecr' | 'google';
  /** Whose credentials it must hand out, as the ledger knows them. */
  readonly holder: string;
  id: string | undefined;
  readonly exists: Belief<boolean>;
  readonly active: Belief<boolean>;
  /** Of a static one. */
  readonly password: Belief<string> | undefined;
}

export interface ModelAgent {
  readonly name: string;
  id: string | undefined;
  token: string | undefined;
  readonly exists: Belief<boolean>;
}

export interface AcknowledgedChange {
  readonly action: string;
  readonly subject: string;
}

export interface Model {
  readonly registries: ModelRegistry[];
  readonly agents: ModelAgent[];
  /** The one entry of the environment's deny list. */
  readonly denied: Belief<string>;
  /** Since the last comparison. */
  readonly changes: AcknowledgedChange[];
}

export interface Access {
  readonly url: () => string;
  adminToken: string;
  hostToken: string;
}

export const ENVIRONMENT = 'soak';

export function imageOf({ address }: Pick<ModelRegistry, 'address'>): string {
  return `${address}/app:1`;
}

export function resolvePath(): string {
  return `POST /v1/environments/${ENVIRONMENT}/resolve`;
}

const registryItem = z.object({ id: z.string(), address: z.string(), state: z.string() });
const agentItem = z.object({ id: z.string(), name: z.string() });
const policy = z.object({ deny: z.array(z.string()) });
const changeItem = z.object({ action: z.optional(z.string()), subject: z.optional(z.string()) });

/** @returns what is not as it must be, in words. Nobody may write meanwhile. */
export async function compareWithModel(model: Model, access: Access): Promise<readonly string[]> {
  const { adminToken: token } = access;
  const url = access.url();
  const registries = await everyPage(url, { path: '/v1/registries', token, item: registryItem });
  const agents = await everyPage(url, { path: '/v1/agents', token, item: agentItem });
  const shown = await call(url, `GET /v1/environments/${ENVIRONMENT}/policy`, { token });
  const audited = await everyPage(url, { path: '/v1/audit?type=change', token, item: changeItem, mostPages: 4 });
  if (registries === undefined || agents === undefined || audited === undefined || shown.status !== 200) {
    return [`the lists cannot be read (policy: ${shown.status})`];
  }
  const [denied = ''] = policy.parse(shown.body).deny;
  return [
    ...compareRegistries(model, registries),
    ...(await comparePasswords(model, access)),
    ...compareAgents(model, agents),
    ...(await compareRevoked(model, access)),
    ...(settle(model.denied, denied) ? [] : [`the policy denies ${denied}, not ${model.denied.possible.join(' or ')}`]),
    ...missingChanges(model, audited),
  ];
}

function compareRegistries(model: Model, listed: readonly z.infer<typeof registryItem>[]): readonly string[] {
  const known = new Set(model.registries.map(({ address }) => address));
  const strangers = listed.filter(({ address }) => !known.has(address));
  return [
    ...strangers.map(({ address }) => `there is a registry ${address} that nobody added`),
    ...model.registries.flatMap((registry) => {
      const found = listed.find(({ address }) => address === registry.address);
      if (!settle(registry.exists, found !== undefined)) {
        return [`the registry ${registry.address} ${found === undefined ? 'is gone' : 'was deleted and is there'}`];
      }
      if (found === undefined) return [];
      registry.id = found.id;
      return settle(registry.active, found.state === 'active') ? [] : [`${registry.address} is ${found.state}`];
    }),
  ];
}

async function comparePasswords(model: Model, access: Access): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const registry of model.registries) {
    const { password } = registry;
    if (password === undefined || !registry.exists.possible.includes(true)) continue;
    if (!registry.active.possible.includes(true)) continue;
    const body = { image: imageOf(registry) };
    const answer = await call(access.url(), resolvePath(), { token: access.hostToken, body });
    const released = releasedCredential(answer);
    if (released === undefined) wrong.push(`${registry.address} has no password: ${answer.status}`);
    else if (!settle(password, released.password)) wrong.push(`${registry.address} has another password`);
  }
  return wrong;
}

function compareAgents(model: Model, listed: readonly z.infer<typeof agentItem>[]): readonly string[] {
  return model.agents.flatMap((agent) => {
    const found = listed.find(({ name }) => name === agent.name);
    agent.id = found?.id ?? agent.id;
    if (settle(agent.exists, found !== undefined)) return [];
    return [`the agent ${agent.name} ${found === undefined ? 'is gone' : 'was deleted and is there'}`];
  });
}

/** The last few that were deleted: their tokens are worth nothing. */
async function compareRevoked(model: Model, access: Access): Promise<readonly string[]> {
  const revoked = model.agents.filter(({ exists, token }) => !exists.possible.includes(true) && token !== undefined);
  const wrong: string[] = [];
  for (const { name, token = '' } of revoked.slice(-3)) {
    const { status } = await call(access.url(), resolvePath(), { token, body: { image: 'quay.io/app:1' } });
    if (status !== 401) wrong.push(`the token of the deleted agent ${name} is answered ${status}`);
  }
  return wrong;
}

function missingChanges(model: Model, audited: readonly z.infer<typeof changeItem>[]): readonly string[] {
  const missing = model.changes.filter(
    ({ action, subject }) => !audited.some((entry) => entry.action === action && entry.subject === subject),
  );
  model.changes.length = 0;
  return missing.map(({ action, subject }) => `the audit trail lacks ${action} of ${subject}`);
}
