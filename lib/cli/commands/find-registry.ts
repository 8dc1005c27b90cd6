/** Finds the registry a person means: by its id, or by its address where only one has it. */
import { expectAnswer, pathOf, type CallApi } from '../api-client.ts';
import { registryAnswer, type RegistryAnswer } from '../answers.ts';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { allItems } from '../pages.ts';

export interface FoundRegistry {
  readonly registry: RegistryAnswer;
  /** As the API gave it, for `--json`. */
  readonly document: unknown;
}

/** An id has none of these; an address has one, or is this. */
const ADDRESS = /[.:/]|^localhost$/;

export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** Each once, in the order given, however often and by whatever it is named. All of them are found, or none is answered. */
export async function findRegistries(
  idsOrAddresses: readonly string[],
  api: CallApi,
): Promise<readonly FoundRegistry[]> {
  const found = new Map<string, FoundRegistry>();
  for (const idOrAddress of idsOrAddresses) {
    const one = await findRegistry(idOrAddress, api);
    if (!found.has(one.registry.id)) found.set(one.registry.id, one);
  }
  return [...found.values()];
}

export async function findRegistry(idOrAddress: string, api: CallApi): Promise<FoundRegistry> {
  if (!isAddress(idOrAddress)) {
    const document = await api({ method: 'GET', path: pathOf('v1', 'registries', idOrAddress) });
    return { registry: expectAnswer(registryAnswer, document), document };
  }
  const documents = await allItems(api, { path: '/v1/registries', query: { address: idOrAddress } });
  const found = documents.map((document) => ({ registry: expectAnswer(registryAnswer, document), document }));
  const [only, ...others] = found;
  if (only === undefined) {
    throw new CommandFailure({
      exitCode: EXIT.notFound,
      what: `there is no registry at ${idOrAddress}`,
      advice: 'see them with `pullpass registry list`',
    });
  }
  if (others.length > 0) {
    const ids = found.map(({ registry }) => `${registry.id} (${registry.environments.join(', ')})`);
    throw usageFailure(`${found.length} registries have this address: name one by its id`, ids.join(', '));
  }
  return only;
}
