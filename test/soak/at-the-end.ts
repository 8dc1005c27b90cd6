/** After the last round: it ends in order, starts again with everything, and its files are whole. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod/mini';
import { everyPage } from './api.ts';
import { compareWithModel } from './model.ts';
import { startAgain } from './process-faults.ts';
import type { World } from './world.ts';

const decision = z.object({ outcome: z.string() });

export async function checkAtTheEnd(world: World): Promise<void> {
  const { diary, pullpass, model, access } = world;
  if (diary.isOver()) return;
  await countReleases(world);
  await endInOrder(world);
  await startAgain(world);
  if (diary.isOver()) return;
  for (const difference of await compareWithModel(model, access)) diary.violation(`not as acknowledged: ${difference}`);
  await endInOrder(world);
  for (const name of ['catalogue.db', 'vault.db']) {
    const database = new DatabaseSync(join(pullpass.dataDirectory, name), { readOnly: true });
    const found = JSON.stringify(database.prepare('PRAGMA integrity_check').all());
    database.close();
    if (found !== '[{"integrity_check":"ok"}]') diary.violation(`${name} is damaged: ${found}`);
  }
}

/** No record, no secret: there are at least as many decisions as hosts had answers. */
async function countReleases({ diary, access }: World): Promise<void> {
  const path = '/v1/audit?type=decision';
  const decisions = await everyPage(access.url(), { path, token: access.adminToken, item: decision });
  const released = decisions?.filter(({ outcome }) => outcome === 'released').length ?? 0;
  const answered = diary.figures()['answers 200'] ?? 0;
  if (released < answered)
    diary.violation(`${answered} credentials were handed out, and ${released} are in the audit trail`);
}

async function endInOrder({ pullpass }: World): Promise<void> {
  pullpass.signal('SIGTERM');
  await pullpass.ended();
}
