/** A catalogue and a vault in memory whose writes fail by the weather. The vault keeps no more than it promises. */
import type { Credential } from '../../../lib/domain/credential.ts';
import { StoreUnavailable } from '../../../lib/stores/catalogue.ts';
import type { Vault } from '../../../lib/stores/vault.ts';
import type { SimulatedCatalogue } from '../simulated-catalogue.ts';
import { presentSpell, type Spell, type STORE_FAULTS } from './weather.ts';

type StoreSpells = readonly Spell<(typeof STORE_FAULTS)[number]>[];

export interface StoreWeather {
  readonly spells: StoreSpells;
  readonly now: () => number;
  readonly random: () => number;
}

const AT_TIMES = 0.4;

async function writing<Value>({ spells, now, random }: StoreWeather, write: () => Promise<Value>): Promise<Value> {
  const fault = presentSpell(spells, now())?.fault;
  if (fault === undefined) return await write();
  if (fault === 'writes_fail' || random() < AT_TIMES) {
    if (fault === 'answers_are_lost') await write();
    throw new StoreUnavailable('simulated');
  }
  return await write();
}

type RefresherCatalogue = Pick<SimulatedCatalogue, 'claimDue' | 'claimRegistry' | 'finishRefresh' | 'getRegistry'>;

export function faultyCatalogue(catalogue: SimulatedCatalogue, weather: StoreWeather): RefresherCatalogue {
  return {
    getRegistry: catalogue.getRegistry,
    claimDue: async (query) => await writing(weather, () => catalogue.claimDue(query)),
    claimRegistry: async (id, claim) => await writing(weather, () => catalogue.claimRegistry(id, claim)),
    finishRefresh: async (outcome) => await writing(weather, () => catalogue.finishRefresh(outcome)),
  };
}

interface Versions {
  readonly pending?: Credential | undefined;
  readonly current?: Credential | undefined;
  readonly previous?: Credential | undefined;
}

/** Hosts cannot read while every write fails: then the vault is out of reach as a whole. */
export function faultyVault(weather: StoreWeather): Vault {
  const kept = new Map<string, Versions>();
  return {
    getSource: async () => undefined,
    async getIssued(registryId, version) {
      if (presentSpell(weather.spells, weather.now())?.fault === 'writes_fail') throw new StoreUnavailable('simulated');
      const { pending, current, previous } = kept.get(registryId) ?? {};
      return [pending, current, previous].find((credential) => credential?.version === version);
    },
    putIssued: async (registryId, pending) => {
      await writing(weather, async () => kept.set(registryId, { ...kept.get(registryId), pending }));
    },
    settle: async (registryId, { issuedVersion }) => {
      await writing(weather, async () => {
        const known = kept.get(registryId);
        if (known?.pending === undefined || known.pending.version !== issuedVersion) return;
        kept.set(registryId, { current: known.pending, previous: known.current });
      });
    },
    remove: async (registryId) => {
      kept.delete(registryId);
    },
    putSource: notPartOfTheSimulation,
    prune: notPartOfTheSimulation,
    registryIds: notPartOfTheSimulation,
    orphans: notPartOfTheSimulation,
    setAside: notPartOfTheSimulation,
    takeBack: notPartOfTheSimulation,
  };
}

function notPartOfTheSimulation(): never {
  throw new Error('the refresher does not do this');
}
