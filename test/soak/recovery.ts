/** After a round: everything must work again within seconds, and be said to. */
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod/mini';
import { call, problemOf, releasedCredential } from './api.ts';
import { pull, reportRejection } from './hosts.ts';
import { DEAD, wrongCredential } from './judge.ts';
import { compareWithModel, type ModelRegistry } from './model.ts';
import type { World } from './world.ts';

/** Hosts have their answers by then; twice of what is promised, for a machine that has much else to do. */
const ANSWERS_MS = 20_000;
/** What failed just before the end of the round is tried again after a quarter of its life at most. */
const HEALTH_MS = 40_000;
/** A host's word is not acted on before a credential is a minute old. */
const REJECTION_MS = 70_000;
const AGAIN_MS = 500;

export async function recover(world: World): Promise<void> {
  const { diary, groups, model, access } = world;
  const begun = performance.now();
  await waitFor('hosts are not answered as they must be', { ...deadline(ANSWERS_MS), ask: wrongAnswers }, world);
  diary.most('slowest recovery of answers, ms', Math.round(performance.now() - begun));
  await waitFor('health is not said to be ok', { ...deadline(HEALTH_MS), ask: unhealthy }, world);
  diary.most('slowest recovery of health, ms', Math.round(performance.now() - begun));
  groups.clear();
  if (diary.isOver()) return;
  for (const difference of await compareWithModel(model, access)) diary.violation(`not as acknowledged: ${difference}`);
  diary.count('comparisons of everything');
}

interface Deadline {
  /** By then, of `performance.now()`. */
  by: number;
}

function deadline(milliseconds: number): Deadline {
  return { by: performance.now() + milliseconds };
}

async function waitFor(
  what: string,
  wanted: Deadline & { readonly ask: (world: World, by: Deadline) => Promise<readonly string[]> },
  world: World,
): Promise<void> {
  for (;;) {
    const wrong = await wanted.ask(world, wanted);
    if (wrong.length === 0 || world.diary.isOver()) return;
    if (performance.now() > wanted.by) {
      world.diary.violation(`${what}: ${wrong.join('; ')}`);
      return;
    }
    await setTimeout(AGAIN_MS);
  }
}

async function wrongAnswers(world: World, by: Deadline): Promise<readonly string[]> {
  const wanted = world.model.registries.filter((registry) => registry.exists.possible.includes(true));
  const answers = await Promise.all(wanted.map((registry) => wrongAnswer(registry, world, by)));
  return answers.filter((wrong) => wrong !== undefined);
}

async function wrongAnswer(registry: ModelRegistry, world: World, by: Deadline): Promise<string | undefined> {
  const answer = await pull(registry, world);
  const { code, detail } = problemOf(answer);
  if (code === 'registry_inactive' && registry.active.possible.includes(false)) return undefined;
  if (code === 'no_credential' && registry.exists.possible.includes(false)) return undefined;
  const released = releasedCredential(answer);
  if (released === undefined) return `${registry.address} is answered ${answer.status} ${code} ${detail ?? ''}`;
  const { ledger } = world.standIns;
  const wrong = wrongCredential(released, registry, { askedAt: answer.askedAt, ledger });
  if (wrong === undefined) return undefined;
  const issued = ledger.find(released.password);
  if (wrong === DEAD && issued?.honest === false) {
    await reportRejection(released, world);
    by.by = Math.max(by.by, performance.now() + REJECTION_MS - (Date.now() - issued.issuedAt));
  }
  return `${registry.address} ${wrong}`;
}

const status = z.object({
  health: z.string(),
  attention: z.array(z.object({ address: z.string(), reason: z.string() })),
});

async function unhealthy(world: World): Promise<readonly string[]> {
  const { access } = world;
  const healthz = await call(access.url(), 'GET /healthz');
  const shown = await call(access.url(), 'GET /v1/status', { token: access.adminToken });
  const parsed = z.safeParse(status, shown.body);
  if (healthz.status === 200 && parsed.success && parsed.data.health === 'ok') return [];
  const who = parsed.success ? parsed.data.attention.map(({ address, reason }) => `${address} ${reason}`) : [];
  return [`/healthz ${healthz.status}, status ${parsed.success ? parsed.data.health : shown.status}`, ...who];
}
