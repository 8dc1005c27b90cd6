/** Every way in which something fails during a soak, by name. `begin` returns how it ends. */
import { setTimeout } from 'node:timers/promises';
import type { AwsFault } from '../support/aws-wire-server.ts';
import type { TokenFault } from '../support/google-token-server.ts';
import type { WireFault } from './faulty-wire.ts';
import { limitDescriptors, setClock, slowFlushes, stickLog, fillDisk } from './machine-faults.ts';
import { killAgainAndAgain, startSecond, stopForAWhile, terminate } from './process-faults.ts';
import type { Temper } from './stand-ins.ts';
import type { FaultGroup, World } from './world.ts';

export type EndFault = () => Promise<void>;

export interface FaultParameters {
  readonly seconds: number;
  readonly random: () => number;
}

export interface Fault {
  readonly name: string;
  readonly group: FaultGroup;
  /** What it takes is missing here; said at the beginning. */
  readonly missing?: (world: World) => string | undefined;
  readonly begin: (world: World, parameters: FaultParameters) => Promise<EndFault>;
}

interface SourceFault {
  readonly ecr: AwsFault;
  readonly google: TokenFault;
}

const THROTTLE: SourceFault = {
  ecr: { kind: 'error', status: 400, code: 'ThrottlingException' },
  google: { kind: 'error', status: 429, error: 'rate_limit_exceeded' },
};
const OUT_OF_ORDER: SourceFault = {
  ecr: { kind: 'error', status: 500, code: 'InternalFailure' },
  google: { kind: 'error', status: 503, error: 'internal_failure' },
};
const GARBAGE: SourceFault = { ecr: { kind: 'answer', body: '{"' }, google: { kind: 'answer', body: '{"' } };

const TEMPERS: readonly Temper[] = ['short', 'expired', 'too_long', 'refused'];

const wires: Readonly<Record<string, (random: () => number) => WireFault>> = {
  hang: () => ({ kind: 'hang' }),
  reset: () => ({ kind: 'reset' }),
  cut: (random) => ({ kind: 'cut', afterBytes: Math.floor(400 * random()) }),
  late: (random) => ({ kind: 'late', milliseconds: 1_000 + Math.floor(6_000 * random()) }),
};

export const FAULTS: readonly Fault[] = [
  answersOf('throttle', THROTTLE),
  answersOf('5xx', OUT_OF_ORDER),
  answersOf('garbage', GARBAGE),
  ...TEMPERS.map(temperOf),
  ...Object.entries(wires).flatMap(([kind, make]) => [sourceWire(kind, make), registryWire(kind, make)]),
  { name: 'registry: refuses everybody', group: 'registry', begin: refuseEverybody },
  { name: 'process: SIGKILL', group: 'process', begin: killAgainAndAgain },
  { name: 'process: SIGSTOP', group: 'process', begin: stopForAWhile },
  { name: 'process: SIGTERM', group: 'process', begin: terminate },
  { name: 'process: a second one', group: 'process', begin: startSecond },
  { name: 'disk: full', group: 'disk', ...fillDisk },
  { name: 'disk: slow flushes', group: 'process', ...slowFlushes },
  { name: 'descriptors: none left', group: 'descriptors', ...limitDescriptors },
  { name: 'clock: a day ahead', group: 'clock', ...setClock(24 * 3_600) },
  { name: 'clock: two hours back', group: 'clock', ...setClock(-2 * 3_600) },
  { name: 'log: its reader is stuck', group: 'log', begin: stickLog },
];

/** Which of the two sources, or both. */
function whichSources(random: () => number): { readonly ecr: boolean; readonly google: boolean } {
  const chance = random();
  return { ecr: chance < 0.7, google: chance > 0.4 };
}

function answersOf(name: string, fault: SourceFault): Fault {
  return {
    name: `source: ${name}`,
    group: 'source',
    begin: async ({ standIns: { ecr, google } }, { random }) => {
      const which = whichSources(random);
      if (which.ecr) for (const service of ['ecr', 'sts'] as const) ecr.server.always(service, fault.ecr);
      if (which.google) google.server.always(fault.google);
      return async () => {
        for (const service of ['ecr', 'sts'] as const) ecr.server.always(service, undefined);
        google.server.always(undefined);
      };
    },
  };
}

function temperOf(temper: Temper): Fault {
  return {
    name: `source: ${temper}`,
    group: 'source',
    begin: async ({ standIns: { ecr, google } }, { random }) => {
      const which = whichSources(random);
      if (which.ecr) ecr.temper = temper;
      if (which.google) google.temper = temper;
      return async () => {
        ecr.temper = 'honest';
        google.temper = 'honest';
      };
    },
  };
}

function sourceWire(kind: string, make: (random: () => number) => WireFault): Fault {
  return {
    name: `source: ${kind}`,
    group: 'source',
    begin: async ({ standIns: { ecr, google } }, { random }) => {
      const which = whichSources(random);
      const wiresOf = [...(which.ecr ? [ecr.wire] : []), ...(which.google ? [google.wire] : [])];
      for (const wire of wiresOf) wire.suffer(make(random));
      return async () => {
        for (const wire of wiresOf) wire.suffer(undefined);
      };
    },
  };
}

function registryWire(kind: string, make: (random: () => number) => WireFault): Fault {
  return {
    name: `registry: ${kind}`,
    group: 'registry',
    begin: async ({ standIns }, { random }) => {
      const failing = standIns.registries.filter(() => random() < 0.6);
      for (const { wire } of failing) wire.suffer(make(random));
      return async () => {
        for (const { wire } of failing) wire.suffer(undefined);
      };
    },
  };
}

async function refuseEverybody({ standIns }: World, { random }: FaultParameters): Promise<EndFault> {
  const refusing = standIns.registries.filter(() => random() < 0.6);
  for (const registry of refusing) registry.refusing = true;
  return async () => {
    for (const registry of refusing) registry.refusing = false;
    await setTimeout(0);
  };
}
