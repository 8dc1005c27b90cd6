/** What the installation has of the things that a file asks for, read page by page: what the plan is made against. */
import * as z from 'zod/mini';
import type { Wanted, WantedSettings } from '../../formats/import/wanted.ts';
import { agentAnswer, registryAnswer, type AgentAnswer, type RegistryAnswer } from '../answers.ts';
import { expectAnswer, type CallApi } from '../api-client.ts';
import { policyPath } from '../commands/policy-change.ts';
import { allItems } from '../pages.ts';

export interface PresentRegistry {
  readonly id: string;
  readonly address: string;
  readonly environments: readonly string[];
  readonly state: string;
  readonly source: RegistryAnswer['source'];
  readonly settings: WantedSettings;
  readonly revision: number;
}

const policyAnswer = z.looseObject({
  whitelist: z.nullable(z.array(z.string())),
  deny: z.array(z.string()),
  // An older Pullpass has neither, and would refuse them.
  alwaysAllow: z.optional(z.array(z.string())),
  // Not loose: whether one has ended is in the answer, and nothing to be sent.
  exceptions: z.optional(z.array(z.object({ entry: z.string(), reason: z.string(), until: z.string() }))),
  defaultRegistry: z.nullable(z.string()),
  mode: z.nullable(z.string()),
  revision: z.number(),
});
export type PresentPolicy = z.infer<typeof policyAnswer>;

export interface Present {
  /** Oldest first. */
  readonly registries: readonly PresentRegistry[];
  /** By environment; undefined is the organisation. */
  readonly policies: ReadonlyMap<string | undefined, PresentPolicy>;
  readonly agents: readonly AgentAnswer[];
}

/** Only what the file has something of. */
export async function readPresent({ registries, policies, agents }: Wanted, api: CallApi): Promise<Present> {
  const scopes = policies.length === 0 ? [] : [undefined, ...policies.map(({ environment }) => environment)];
  const found = new Map<string | undefined, PresentPolicy>();
  for (const scope of new Set(scopes)) found.set(scope, await readPolicy(scope, api));
  return {
    registries: registries.length === 0 ? [] : await readRegistries({}, api),
    policies: found,
    agents: agents.length === 0 ? [] : await readAgents(api),
  };
}

export async function readPolicy(environment: string | undefined, api: CallApi): Promise<PresentPolicy> {
  return expectAnswer(policyAnswer, await api({ method: 'GET', path: policyPath(environment) }));
}

/** Oldest first: the API lists the newest first, and the catalogue's order is what decides which one answers. */
export async function readRegistries(
  query: Readonly<Record<string, string | undefined>>,
  api: CallApi,
): Promise<readonly PresentRegistry[]> {
  const items = await allItems(api, { path: '/v1/registries', query });
  return items.map((item) => presentRegistry(expectAnswer(registryAnswer, item))).toReversed();
}

export async function readAgents(api: CallApi): Promise<readonly AgentAnswer[]> {
  const items = await allItems(api, { path: '/v1/agents' });
  return items.map((item) => expectAnswer(agentAnswer, item));
}

function presentRegistry(answer: RegistryAnswer): PresentRegistry {
  const { id, address, environments, state, source, revision, tls } = answer;
  return {
    ...{ id, address, environments, state, source, revision },
    settings: {
      tls: {
        ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls?.skipVerify === true ? { skipVerify: true } : {}),
        ...(tls?.plainHttp === true ? { plainHttp: true } : {}),
      },
      probe: answer.probe?.repository ?? null,
      trustedRealms: answer.trustedRealms ?? [],
      email: answer.email ?? null,
      description: answer.description ?? null,
      expiresOn: answer.expiresOn ?? null,
    },
  };
}
