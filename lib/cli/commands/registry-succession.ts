/**
 * What hosts meet once registries are deleted: who answers instead, environment by environment. For people to read before they
 * say yes; Pullpass itself decides anew at every pull.
 */
import { EVERY_ENVIRONMENT } from '../../domain/environment-name.ts';
import { answeringAt } from '../../domain/registry-overrides.ts';
import { registryAnswer, type RegistryAnswer } from '../answers.ts';
import { expectAnswer, type CallApi } from '../api-client.ts';
import { CommandFailure } from '../command-failure.ts';
import { allItems } from '../pages.ts';

/** By address: the registries at it, newest first. */
type Addresses = ReadonlyMap<string, readonly RegistryAnswer[]>;

/** By id, a line for each answer; none where Pullpass cannot be asked, which must not stand in the way of what is wanted. */
export async function successionOf(
  deleted: readonly RegistryAnswer[],
  api: CallApi,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const gone = new Set(deleted.map(({ id }) => id));
  try {
    const addresses = await readAddresses(deleted, api);
    return new Map(deleted.map((registry) => [registry.id, successionWords(registry, gone, addresses)]));
  } catch (error) {
    if (error instanceof CommandFailure) return new Map();
    throw error;
  }
}

const AT_ONCE = 8;

async function readAddresses(deleted: readonly RegistryAnswer[], api: CallApi): Promise<Addresses> {
  const wanted = [...new Set(deleted.flatMap(({ address }) => addressesFor(address)))];
  const read = new Map<string, readonly RegistryAnswer[]>();
  for (let start = 0; start < wanted.length; start += AT_ONCE) {
    const some = wanted.slice(start, start + AT_ONCE);
    await Promise.all(
      some.map(async (address) => {
        const items = await allItems(api, { path: '/v1/registries', query: { address } });
        read.set(
          address,
          items.map((item) => expectAnswer(registryAnswer, item)),
        );
      }),
    );
  }
  return read;
}

/** Whoever can answer for what is pulled from an address: itself, then shorter ones, down to the host. */
function addressesFor(address: string): readonly string[] {
  const parts = address.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

function successionWords(registry: RegistryAnswer, gone: ReadonlySet<string>, addresses: Addresses): readonly string[] {
  const environments = new Map<string, string[]>();
  const reach = reachOf(registry, addresses);
  for (const environment of reach) {
    const words = wordsIn(environment, registry, { gone, addresses });
    environments.set(words, [...(environments.get(words) ?? []), environment]);
  }
  return [...environments].map(([words, names]) => `${environmentWords(names, reach)}: ${words}`);
}

function wordsIn(
  environment: string,
  registry: RegistryAnswer,
  known: { readonly gone: ReadonlySet<string>; readonly addresses: Addresses },
): string {
  const all = addressesFor(registry.address).map((address) => known.addresses.get(address) ?? []);
  const before = answeringIn(environment, all);
  const after = answeringIn(
    environment,
    all.map((registries) => registries.filter(({ id }) => !known.gone.has(id))),
  );
  if (after === undefined) return 'no registry is left for it: what policy allows is pulled anonymously';
  const refusal = after.state === 'active' ? '' : ', and refuses: it is inactive';
  const who = `${after.address} (${after.id})`;
  if (before?.id === after.id) return `nothing changes: ${who} answers${refusal}`;
  return `${who} answers${refusal}`;
}

/** The longest address first. */
function answeringIn(
  environment: string,
  addresses: readonly (readonly RegistryAnswer[])[],
): RegistryAnswer | undefined {
  for (const registries of addresses) {
    const answering = answeringAt(registries);
    const id = answering.get(environment) ?? answering.get(EVERY_ENVIRONMENT);
    const found = registries.find((registry) => registry.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A registry for every environment is also one for those that others name. */
function reachOf({ address, environments }: RegistryAnswer, addresses: Addresses): readonly string[] {
  if (!environments.includes(EVERY_ENVIRONMENT)) return [...environments].sort();
  const named = addressesFor(address).flatMap((each) =>
    (addresses.get(each) ?? []).flatMap((registry) => registry.environments),
  );
  const names = new Set([...environments, ...named]);
  names.delete(EVERY_ENVIRONMENT);
  return [...[...names].sort(), EVERY_ENVIRONMENT];
}

/** `among`: all that are spoken of, since `*` is every one but those that are named there. */
export function environmentWords(environments: readonly string[], among: readonly string[] = environments): string {
  const names = environments.filter((name) => name !== EVERY_ENVIRONMENT);
  const every = names.length < environments.length;
  if (names.length > 0) return `in ${names.join(', ')}${every ? ' and every other' : ''}`;
  return among.some((name) => name !== EVERY_ENVIRONMENT) ? 'in every other environment' : 'in every environment';
}
