/** Hosts that pull all the time, and whether what they are answered is right at that moment. */
import { setTimeout } from 'node:timers/promises';
import { call, problemOf, releasedCredential, type Answer, type ReleasedCredential } from './api.ts';
import { admits } from './belief.ts';
import { DEAD, wrongCredential } from './judge.ts';
import { ENVIRONMENT, imageOf, resolvePath, type ModelRegistry } from './model.ts';
import type { FaultGroup, World } from './world.ts';

const PAUSE_MS = 350;
/** Half of a credential's life is the reserve for these: hosts must not notice them. */
const UNNOTICED: ReadonlySet<FaultGroup> = new Set(['source', 'registry', 'log']);
/** These take the data from under Pullpass. */
const OF_THE_STORE: readonly FaultGroup[] = ['disk', 'descriptors'];

/** Until told to stop. */
export async function pullForEver(world: World, random: () => number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const { registries } = world.model;
    const registry = registries[Math.floor(random() * registries.length)];
    if (registry !== undefined) await pullOnce(registry, world);
    await setTimeout(PAUSE_MS * (0.5 + random()));
  }
}

async function pullOnce(registry: ModelRegistry, world: World): Promise<void> {
  const { diary } = world;
  const answer = await pull(registry, world);
  if (answer.status !== 0) world.lastAnswerAt = Date.now();
  diary.count(`answers ${answer.status}`);
  const wrong = await faultOf(answer, registry, world);
  if (wrong !== undefined) diary.violation(`${registry.address}: ${wrong}`);
}

export async function pull(registry: ModelRegistry, { access }: World): Promise<Answer> {
  return await call(access.url(), resolvePath(), { token: access.hostToken, body: { image: imageOf(registry) } });
}

/** What must never be answered, whatever has failed. */
async function faultOf(answer: Answer, registry: ModelRegistry, world: World): Promise<string | undefined> {
  const { groups } = world;
  const { status, askedAt } = answer;
  const { code, state, detail } = problemOf(answer);
  if (status === 0) return hasAny(groups, ['process', ...OF_THE_STORE]) ? undefined : 'there was no answer';
  if (status === 200) return await releaseFault(answer, registry, world);
  if (code === 'registry_inactive') {
    return admits(registry.active, false, askedAt) ? undefined : 'inactive, though nobody deactivated it';
  }
  if (code === 'no_credential')
    return admits(registry.exists, false, askedAt) ? undefined : 'unknown, though it was added';
  if (code === 'store_unavailable') {
    if (!hasAny(groups, OF_THE_STORE)) return `answered ${code}, though the disk is well`;
    return await healthFault({ code, registry }, world);
  }
  if (code !== 'credential_unavailable') return `answered ${status} ${code}`;
  const isUnnoticed = [...groups].every((group) => UNNOTICED.has(group));
  if (registry.kind === 'static' || isUnnoticed) return `answered 503: ${detail ?? ''}`;
  return state === 'pending' ? undefined : await healthFault({ code, registry }, world);
}

function hasAny(groups: ReadonlySet<FaultGroup>, wanted: readonly FaultGroup[]): boolean {
  return wanted.some((group) => groups.has(group));
}

async function releaseFault(answer: Answer, registry: ModelRegistry, world: World): Promise<string | undefined> {
  const released = releasedCredential(answer);
  if (released === undefined) return 'answered 200 without a credential';
  const { askedAt } = answer;
  if (!admits(registry.exists, true, askedAt)) return 'answered, though it was deleted';
  if (!admits(registry.active, true, askedAt)) return 'answered, though it was deactivated';
  const wrong = wrongCredential(released, registry, { askedAt, ledger: world.standIns.ledger });
  if (wrong === undefined) return undefined;
  const excuse = wrong === DEAD ? await excuseFor(released, world) : undefined;
  if (excuse === undefined) return wrong;
  world.diary.count(`dead answers: ${excuse}`);
  return undefined;
}

/** The source or the clock said something else than what is so: nobody could know. The host reports what it was refused with. */
async function excuseFor(released: ReleasedCredential, world: World): Promise<string | undefined> {
  const issued = world.standIns.ledger.find(released.password);
  if (issued?.honest === false) {
    await reportRejection(released, world);
    return 'the source told no truth about it';
  }
  return world.groups.has('clock') ? 'the clock is wrong' : undefined;
}

export async function reportRejection({ registryId, version }: ReleasedCredential, { access }: World): Promise<void> {
  const body = { registryId, version };
  await call(access.url(), `POST /v1/environments/${ENVIRONMENT}/rejections`, { token: access.hostToken, body });
}

/** While hosts get nothing, nobody may be told that all is well. Asked again, since it may just have been mended. */
async function healthFault(
  first: { readonly code: string; readonly registry: ModelRegistry },
  world: World,
): Promise<string | undefined> {
  const health = await call(world.access.url(), 'GET /healthz');
  const again = await pull(first.registry, world);
  if (health.status !== 200 || problemOf(again).code !== first.code) return undefined;
  return `/healthz says ok while hosts are answered ${first.code}: ${problemOf(again).detail ?? ''}`;
}
