/**
 * What `pullpass export` writes: all that an import needs to have the same again, and no secret. Fields are named one by one,
 * so that nothing gets in because an answer of the API has it; sorted, so that two exports can be compared line by line.
 */
import { EXPORT_VERSION } from '../formats/import/wanted.ts';
import { sourceFields } from '../formats/import/source-fields.ts';
import type { AgentAnswer } from './answers.ts';
import type { PresentPolicy, PresentRegistry } from './import/present.ts';

type Document = Readonly<Record<string, unknown>>;

export interface Exported {
  /** Oldest first: importing in this order has the same ones answer. */
  readonly registries: readonly PresentRegistry[];
  /** Of those that somebody has set; undefined is the organisation. */
  readonly policies: ReadonlyMap<string | undefined, PresentPolicy>;
  readonly agents: readonly AgentAnswer[];
}

/** Nothing says which installation it is of: an export may well be shown around. */
export function exportDocument({ registries, policies, agents }: Exported, now: number): Document {
  const organisation = policies.get(undefined);
  const environments = [...policies].flatMap(([name, policy]) => (name === undefined ? [] : [[name, policy] as const]));
  return {
    pullpass: EXPORT_VERSION,
    exportedAt: new Date(now).toISOString(),
    registries: registries.map(registryPart),
    policies: {
      organisation: organisation === undefined ? null : policyPart(organisation),
      environments: Object.fromEntries(
        environments
          .toSorted(([one], [other]) => compare(one, other))
          .map(([name, policy]) => [name, policyPart(policy)]),
      ),
    },
    agents: agents.map(agentPart),
  };
}

function registryPart({ id, address, environments, state, source, settings }: PresentRegistry): Document {
  const { tls, probe, trustedRealms, email, description, expiresOn } = settings;
  return {
    ...{ id, address, environments: environments.toSorted(compare), state, source: sourcePart(source) },
    ...{ tls, probe: probe === null ? null : { repository: probe }, trustedRealms, email, description },
    // Left out where there is none, so that a pullpass that does not know it reads the rest.
    ...(expiresOn === null ? {} : { expiresOn }),
  };
}

/** Of a kind that this command does not know, all that the API shows, which holds no secret. */
function sourcePart({ kind, ...settings }: PresentRegistry['source']): Document {
  const fields = sourceFields(kind);
  const names =
    fields === undefined ? Object.keys(settings).toSorted(compare) : [...fields.settable, ...fields.derived];
  const given = names
    .map((name) => [name, settings[name]] as const)
    .filter(([, value]) => value !== undefined && value !== null);
  return { kind, ...Object.fromEntries(given) };
}

function policyPart({ whitelist, deny, alwaysAllow, exceptions, defaultRegistry, mode }: PresentPolicy): Document {
  return {
    ...{ whitelist, deny, alwaysAllow },
    exceptions: exceptions?.map(({ entry, reason, until }) => ({ entry, reason, until })),
    ...{ defaultRegistry, mode },
  };
}

function agentPart({ id, name, role, environments, principal, expiresAt, ...agent }: AgentAnswer): Document {
  return {
    ...{ id, name, role, environments: environments.toSorted(compare), export: agent.export },
    ...{ principal: principal ?? null, expiresAt: expiresAt ?? null },
  };
}

/** By code units: the same everywhere, whatever the machine's language. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
