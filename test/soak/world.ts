/** All that one run has: a Pullpass, what it talks to, what it must know, and which faults there are at present. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../../bench/simulate/seeded-random.ts';
import { certain } from './belief.ts';
import type { Diary } from './diary.ts';
import type { Model, Access } from './model.ts';
import { pullpassProcess, type PullpassProcess } from './pullpass-process.ts';
import { controlShim, type Shim } from './shim.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';
import { startStandIns, type StandIns } from './stand-ins.ts';

export type FaultGroup = 'source' | 'registry' | 'process' | 'disk' | 'descriptors' | 'clock' | 'log';

export interface World {
  readonly directory: string;
  readonly diary: Diary;
  readonly standIns: StandIns;
  readonly pullpass: PullpassProcess;
  readonly model: Model;
  readonly access: Access;
  /** Undefined: there is no C compiler. */
  readonly shim: Shim | undefined;
  /** Undefined: nothing may be mounted here. */
  readonly disk: SmallDisk | undefined;
  /** Of this round, those that are over included, until everything has recovered. */
  readonly groups: Set<FaultGroup>;
  /** Decides what the administrator does. */
  readonly random: () => number;
  /** When a host had its last answer, of any kind. */
  lastAnswerAt: number;
  readonly close: () => Promise<void>;
}

export async function openWorld(options: {
  readonly directory: string;
  readonly shimLibrary: string | undefined;
  readonly seed: number;
  readonly diary: Diary;
}): Promise<World> {
  const { directory, shimLibrary, diary } = options;
  const dataDirectory = join(directory, 'data');
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const disk = mountSmallDisk(dataDirectory);
  const shim = shimLibrary === undefined ? undefined : controlShim(shimLibrary, directory);
  const standIns = await startStandIns(seededRandom(options.seed + 1));
  const pullpass = pullpassProcess({
    dataDirectory,
    arguments: ['--trusted-token-uri', `http://${standIns.google.wire.address}/token`],
    environment: {
      ...shim?.environment,
      AWS_ENDPOINT_URL: `http://${standIns.ecr.wire.address}`,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    onLeak: () => {
      diary.violation('a line of the log held a secret');
    },
  });
  return {
    directory,
    diary,
    standIns,
    pullpass,
    shim,
    disk,
    model: { registries: [], agents: [], denied: certain('denied.example/soak'), changes: [] },
    access: { url: pullpass.url, adminToken: '', hostToken: '' },
    random: seededRandom(options.seed + 2),
    groups: new Set(),
    lastAnswerAt: 0,
    close: async () => {
      await pullpass.end();
      await standIns.close();
      disk?.unmount();
      shim?.close();
    },
  };
}
