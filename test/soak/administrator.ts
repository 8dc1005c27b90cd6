/** An administrator who changes something every second or so, one thing at a time, and notes what was acknowledged. */
import * as z from 'zod/mini';
import { call, type Answer } from './api.ts';
import { acknowledge, attempt, certain, withdraw, type Belief } from './belief.ts';
import type { Diary } from './diary.ts';
import { ENVIRONMENT, type Access, type Model, type ModelAgent, type ModelRegistry } from './model.ts';
import { newPassword, type StandIns } from './stand-ins.ts';

export interface Administrator {
  readonly changeSomething: () => Promise<void>;
}

export const STATIC_USER = 'puller';
const MOST_REGISTRIES = 12;
const MOST_AGENTS = 8;

const identified = z.object({ id: z.string(), token: z.optional(z.string()) });

export function administrator(parts: {
  readonly model: Model;
  readonly access: Access;
  readonly standIns: StandIns;
  readonly random: () => number;
  readonly diary: Diary;
}): Administrator {
  const { model, access, standIns, random, diary } = parts;
  let serial = 0;

  const send = async (what: string, body?: unknown): Promise<Answer> =>
    await call(access.url(), what, { token: access.adminToken, ...(body === undefined ? {} : { body }) });

  /** Sent between the attempt and what came of it. */
  async function write<Value>(
    change: {
      readonly belief: Belief<Value>;
      readonly value: Value;
      readonly action: string;
      readonly subject?: string;
    },
    request: () => Promise<Answer>,
  ): Promise<Answer> {
    attempt(change.belief, change.value);
    const answer = await request();
    diary.noteWrite(`${change.action} ${change.subject ?? ''}: ${answer.status}`);
    if (isAcknowledged(answer)) {
      acknowledge(change.belief, change.value);
      const subject = change.subject ?? identified.parse(answer.body).id;
      model.changes.push({ action: change.action, subject });
      diary.count('writes acknowledged');
    } else if (isRefused(answer)) {
      withdraw(change.belief, change.value);
      diary.count('writes refused');
    } else diary.count('writes cut off');
    return answer;
  }

  async function addRegistry(): Promise<void> {
    const host = pick(standIns.registries)?.wire.address ?? '';
    const address = `${host}/added-${(serial += 1)}`;
    const password = newPassword();
    enterTyped(standIns, { address, password });
    diary.noteWrite(`adds ${address}`);
    const registry = staticRegistry({ address, password, exists: false });
    model.registries.push(registry);
    const body = {
      ...newRegistry(address, { kind: 'static', username: STATIC_USER, password }),
      verify: random() < 0.7,
    };
    const answer = await write({ belief: registry.exists, value: true, action: 'registry.add' }, () =>
      send('POST /v1/registries', body),
    );
    if (isAcknowledged(answer)) registry.id = identified.parse(answer.body).id;
  }

  async function editPassword(registry: ModelRegistry): Promise<void> {
    const { id = '', address, password: belief } = registry;
    if (belief === undefined) return;
    const password = newPassword();
    enterTyped(standIns, { address, password });
    const body = { source: { password }, verify: random() < 0.5 };
    await write({ belief, value: password, action: 'registry.edit', subject: id }, () =>
      send(`PATCH /v1/registries/${id}`, body),
    );
  }

  async function turn({ id = '', active }: ModelRegistry): Promise<void> {
    const value = !active.possible.includes(true);
    const verb = value ? 'activate' : 'deactivate';
    await write({ belief: active, value, action: `registry.${verb}`, subject: id }, () =>
      send(`POST /v1/registries/${id}/${verb}`),
    );
  }

  async function remove({ id = '', exists }: ModelRegistry): Promise<void> {
    await write({ belief: exists, value: false, action: 'registry.delete', subject: id }, () =>
      send(`DELETE /v1/registries/${id}`),
    );
  }

  async function setPolicy(): Promise<void> {
    const value = `denied.example/soak-${(serial += 1)}`;
    await write({ belief: model.denied, value, action: 'policy.set', subject: ENVIRONMENT }, () =>
      send(`PUT /v1/environments/${ENVIRONMENT}/policy`, { deny: [value] }),
    );
  }

  async function addAgent(): Promise<void> {
    const name = `agent-${(serial += 1)}`;
    const agent: ModelAgent = { name, id: undefined, token: undefined, exists: certain(false) };
    model.agents.push(agent);
    const answer = await write({ belief: agent.exists, value: true, action: 'agent.create' }, () =>
      send('POST /v1/agents', { name, environments: [ENVIRONMENT] }),
    );
    if (!isAcknowledged(answer)) return;
    const { id, token } = identified.parse(answer.body);
    Object.assign(agent, { id, token });
  }

  async function removeAgent({ id = '', exists }: ModelAgent): Promise<void> {
    await write({ belief: exists, value: false, action: 'agent.delete', subject: id }, () =>
      send(`DELETE /v1/agents/${id}`),
    );
  }

  function pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(random() * items.length)];
  }

  return {
    changeSomething: async () => {
      const registries = model.registries.filter((one) => one.kind === 'static' && isSettled(one));
      const agents = model.agents.filter((one) => one.id !== undefined && isCertainly(one.exists, true));
      const registry = pick(registries);
      const agent = pick(agents);
      const chance = random();
      if (registry === undefined || (chance < 0.2 && registries.length < MOST_REGISTRIES)) await addRegistry();
      else if (chance < 0.5) await editPassword(registry);
      else if (chance < 0.65) await turn(registry);
      else if (chance < 0.72 && registries.length > 4) await remove(registry);
      else if (chance < 0.82) await setPolicy();
      else if (chance < 0.92 && agents.length < MOST_AGENTS) await addAgent();
      else if (agent !== undefined) await removeAgent(agent);
    },
  };
}

/** What may have been half done is left alone until it was looked at. */
function isSettled({ id, exists, active, password }: ModelRegistry): boolean {
  const certainly = isCertainly(exists, true) && active.possible.length === 1 && password?.possible.length === 1;
  return id !== undefined && certainly;
}

function isCertainly(belief: Belief<boolean>, value: boolean): boolean {
  return belief.possible.length === 1 && belief.possible[0] === value;
}

function isAcknowledged({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function isRefused({ status }: Answer): boolean {
  return status >= 400 && status < 500;
}

export function enterTyped({ ledger }: StandIns, typed: { readonly address: string; readonly password: string }): void {
  const { address: holder, password } = typed;
  ledger.enter({ username: STATIC_USER, password, holder, issuedAt: Date.now(), endsAt: Infinity, honest: true });
}

export function staticRegistry(given: {
  readonly address: string;
  readonly password: string;
  readonly exists: boolean;
}): ModelRegistry {
  const { address, password } = given;
  const exists = certain(given.exists);
  return {
    address,
    kind: 'static',
    holder: address,
    id: undefined,
    exists,
    active: certain(true),
    password: certain(password),
  };
}

export function newRegistry(address: string, source: Readonly<Record<string, unknown>>) {
  return { address, environments: [ENVIRONMENT], tls: { plainHttp: true }, source };
}
