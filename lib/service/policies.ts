/** Policies: one for the organisation, one per environment. A policy that contradicts itself is refused when it is set. */
import { parseEnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput, type RevisionConflict } from '../domain/failures.ts';
import { defaultRegistryAllowed, parsePolicyDocument } from '../domain/policy-entry.ts';
import { UNRESTRICTED, type PolicyDocument, type StoredPolicy } from '../domain/policy.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Catalogue, PolicyScope } from '../stores/catalogue.ts';

export interface PolicyDeps {
  readonly catalogue: Pick<Catalogue, 'getPolicy' | 'putPolicy'>;
  readonly now: () => number;
}

/** What nobody has set yet: no restriction, revision 0. */
const UNSET: StoredPolicy = { document: UNRESTRICTED, revision: 0, updatedAt: 0 };

/** No environment: the organisation. */
export function parseScope(environment: string | undefined): Result<PolicyScope, InvalidInput> {
  if (environment === undefined) return success(null);
  const parsed = parseEnvironmentName(environment);
  return parsed.ok ? success(parsed.value) : failure(invalidInput('environment', parsed.failure.rule));
}

export async function showPolicy(scope: PolicyScope, deps: PolicyDeps): Promise<StoredPolicy> {
  return (await deps.catalogue.getPolicy(scope)) ?? UNSET;
}

export async function setPolicy(
  request: {
    readonly scope: PolicyScope;
    readonly document: unknown;
    readonly expectedRevision: number | undefined;
    readonly actor: string;
  },
  deps: PolicyDeps,
): Promise<Result<StoredPolicy, InvalidInput | RevisionConflict>> {
  const { scope, expectedRevision, actor } = request;
  const parsed = parsePolicyDocument(request.document);
  if (!parsed.ok) return parsed;
  const document = parsed.value;
  const agreed = await agreesWithOrganisation(scope, document, deps);
  if (!agreed.ok) return agreed;

  const now = deps.now();
  const subject = scope ?? 'organisation';
  const written = await deps.catalogue.putPolicy({
    scope,
    document,
    expectedRevision,
    updatedAt: now,
    change: { type: 'change', at: now, actor, action: 'policy.set', subject, detail: JSON.stringify(document) },
  });
  if (written.kind === 'stored') return success(written.item);
  const currentRevision = written.kind === 'conflict' ? written.currentRevision : 0;
  return failure({ kind: 'revision_conflict', currentRevision });
}

/** An environment's default registry has to be allowed by the organisation, too. */
async function agreesWithOrganisation(
  scope: PolicyScope,
  document: PolicyDocument,
  deps: PolicyDeps,
): Promise<Result<undefined, InvalidInput>> {
  if (scope === null || document.defaultRegistry === null) return success(undefined);
  const organisation = (await deps.catalogue.getPolicy(null))?.document;
  if (defaultRegistryAllowed({ organisation, environment: document })) return success(undefined);
  return failure(invalidInput('defaultRegistry', "is not allowed by the organisation's policy: allow it there first"));
}
