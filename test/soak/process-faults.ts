/** What happens to the process itself. Whoever ends it starts it again. */
import { setTimeout } from 'node:timers/promises';
import type { EndFault, FaultParameters } from './faults.ts';
import type { World } from './world.ts';

/** docker stop kills after 10 seconds; the rest is for a machine that has much else to do. */
const MOST_TO_END_MS = 10_000;
/** After that, connections get a moment to end. */
const MOST_UNANSWERED_MS = 4_500;

/** While the disk is full, or there are no descriptors, it may not start; then it is tried again until it does. */
export async function startAgain({ pullpass, groups, diary }: World): Promise<void> {
  for (let tries = 1; !diary.isOver(); tries += 1) {
    try {
      await pullpass.start();
      return;
    } catch {
      if (tries === 30 || !(groups.has('disk') || groups.has('clock'))) {
        diary.violation(`it does not start again: ${pullpass.lastLines().slice(-2).join(' ')}`);
        return;
      }
      await setTimeout(1_000);
    }
  }
}

export async function killAgainAndAgain(world: World, { seconds, random }: FaultParameters): Promise<EndFault> {
  const { pullpass, diary } = world;
  const until = performance.now() + seconds * 1_000;
  const killing = (async () => {
    while (performance.now() < until && !diary.isOver()) {
      await setTimeout(4_000 * random());
      diary.note('  SIGKILL');
      pullpass.signal('SIGKILL');
      await pullpass.ended();
      diary.count('SIGKILL');
      await setTimeout(1_000 * random());
      await startAgain(world);
    }
  })();
  return async () => {
    await killing;
  };
}

export async function stopForAWhile({ pullpass }: World): Promise<EndFault> {
  pullpass.signal('SIGSTOP');
  return async () => {
    pullpass.signal('SIGCONT');
  };
}

export async function terminate(world: World): Promise<EndFault> {
  const { pullpass, diary } = world;
  const toldAt = Date.now();
  pullpass.signal('SIGTERM');
  const ending = (async () => {
    await pullpass.ended();
    const took = Date.now() - toldAt;
    const unanswered = Date.now() - Math.max(world.lastAnswerAt, toldAt);
    diary.most('slowest SIGTERM, ms', took);
    if (took > MOST_TO_END_MS) diary.violation(`it took ${took} ms to end after SIGTERM`);
    if (unanswered > MOST_UNANSWERED_MS)
      diary.violation(`no host was answered in the last ${unanswered} ms before it ended`);
    await startAgain(world);
  })();
  return async () => {
    await ending;
  };
}

export async function startSecond({ pullpass, diary, groups }: World): Promise<EndFault> {
  const running = (async () => {
    const { code, said } = await pullpass.runSecond();
    const isAlone = groups.size === 1;
    if (code !== 1) diary.violation(`a second process on the same data ended with ${code ?? 'a signal'}`);
    else if (isAlone && !said.includes('another process uses')) diary.violation(`a second process said: ${said}`);
  })();
  return async () => {
    await running;
  };
}
