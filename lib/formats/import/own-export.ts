/**
 * What `pullpass export` writes, read again: item by item, so that one that is wrong is told and the others come over. Fields
 * that this version does not know are refused: they might be what restricts something.
 */
import * as z from 'zod/mini';
import { parseEnvironmentName } from '../../domain/environment-name.ts';
import { parseDocument } from '../../domain/parse-document.ts';
import { failure, success } from '../../domain/result.ts';
import { readExportedAgent } from './own-export-agent.ts';
import { readExportedPolicy } from './own-export-policy.ts';
import { readExportedRegistry } from './own-export-registry.ts';
import { nthEntry } from './shown.ts';
import { itemsOf, membersOf, parseJson } from './structured-text.ts';
import { EXPORT_VERSION, type Finding, type ReadFile, type WantedPolicy } from './wanted.ts';

const exportSchema = z.strictObject({
  pullpass: z.literal(EXPORT_VERSION),
  exportedAt: z.optional(z.string()),
  registries: z.optional(z.array(z.unknown())),
  policies: z.optional(
    z.strictObject({ organisation: z.optional(z.unknown()), environments: z.optional(z.unknown()) }),
  ),
  agents: z.optional(z.array(z.unknown())),
});

export function readOwnExport(text: string): ReadFile {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const version = membersOf(parsed.value)?.get('pullpass');
  if (version === undefined) return failure({ what: 'it is not what `pullpass export` writes' });
  if (version !== EXPORT_VERSION) {
    return failure({
      what: `it is an export of another format version than ${EXPORT_VERSION}, the one that this pullpass reads`,
      advice: 'use the pullpass that wrote it, or a newer one',
    });
  }
  const document = parseDocument(exportSchema, parsed.value);
  if (!document.ok) return failure({ what: `${document.failure.field || 'it'} ${document.failure.rule}` });
  const { registries = [], policies, agents = [] } = document.value;
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
  };
  return success({
    registries: registries.flatMap((item, index) => readExportedRegistry(item, `registries[${index}]`, tell) ?? []),
    policies: readPolicies(policies ?? {}, tell),
    agents: agents.flatMap((item, index) => readExportedAgent(item, `agents[${index}]`, tell) ?? []),
    findings,
    remarks: [],
  });
}

/** The organisation's first: what an environment's policy names as its default registry has to be allowed by it. */
function readPolicies(
  policies: { readonly organisation?: unknown; readonly environments?: unknown },
  tell: (finding: Finding) => void,
): readonly WantedPolicy[] {
  const wanted: WantedPolicy[] = [];
  const add = (document: unknown, place: string, environment: string | undefined): void => {
    const policy = readExportedPolicy(document, { place, environment, tell });
    if (policy !== undefined) wanted.push(policy);
  };
  if (policies.organisation !== undefined && policies.organisation !== null) {
    add(policies.organisation, 'policies.organisation', undefined);
  }
  const environments = membersOf(policies.environments ?? {});
  if (environments === undefined) tell({ place: 'policies.environments', what: 'is not an object' });
  for (const [index, [name, document]] of [...(environments ?? [])].entries()) {
    const parsed = parseEnvironmentName(name);
    if (parsed.ok) add(document, `policies.environments[${JSON.stringify(parsed.value)}]`, parsed.value);
    else
      tell({
        place: nthEntry(index, 'policies.environments'),
        what: `the environment's name ${parsed.failure.rule}`,
      });
  }
  return wanted;
}

/** Whether a text is one of ours, by what its first member must be. */
export function isOwnExport(document: unknown): boolean {
  return membersOf(document)?.has('pullpass') === true && itemsOf(document) === undefined;
}
