/** Policies: one for the organisation, one per environment. A policy that contradicts itself is refused when it is set. */
import { policySubject } from '../domain/audit.ts';
import { parseEnvironmentName, type EnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput, type RevisionConflict } from '../domain/failures.ts';
import { disagreement, parsePolicyDocument } from '../domain/policy-entry.ts';
import { endedExceptionFault } from '../domain/policy-exception.ts';
import { hasEnded, UNRESTRICTED, type PolicyDocument, type StoredPolicy } from '../domain/policy.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Catalogue, PolicyScope } from '../stores/catalogue.ts';
import { UnreadableRow } from '../stores/stored-json.ts';

export interface PolicyDeps {
  readonly catalogue: Pick<Catalogue, 'getPolicy' | 'putPolicy'>;
  readonly now: () => number;
}

/** What nobody has set yet: no restriction, revision 0. */
const UNSET: StoredPolicy = { document: UNRESTRICTED, revision: 0, updatedAt: 0 };

/** No environment: the organisation. */
export function parseScope(environment: string | undefined): Result<EnvironmentName | null, InvalidInput> {
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
  const ended = await newlyEnded({ scope, document, now }, deps);
  if (ended !== undefined) return failure(ended);

  const subject = policySubject(scope);
  const written = await deps.catalogue.putPolicy({
    scope,
    document,
    expectedRevision,
    updatedAt: now,
    change: { type: 'change', at: now, actor, action: 'policy.set', subject, detail: detailOf(document) },
  });
  if (written.kind === 'stored') return success(written.item);
  const currentRevision = written.kind === 'conflict' ? written.currentRevision : 0;
  return failure({ kind: 'revision_conflict', currentRevision });
}

/** The present policy is read only where there is an ended exception, which may be one of its own. */
async function newlyEnded(
  matter: { readonly scope: PolicyScope; readonly document: PolicyDocument; readonly now: number },
  deps: PolicyDeps,
): Promise<InvalidInput | undefined> {
  const { scope, document, now } = matter;
  if (!document.exceptions.some((exception) => hasEnded(exception, now))) return undefined;
  const present = (await readableOrNone(scope, deps))?.document;
  return endedExceptionFault(document, { present, at: now });
}

/** What cannot be read is about to be replaced, and says nothing. */
async function readableOrNone(scope: PolicyScope, { catalogue }: PolicyDeps): Promise<StoredPolicy | undefined> {
  try {
    return await catalogue.getPolicy(scope);
  } catch (error) {
    if (error instanceof UnreadableRow) return undefined;
    throw error;
  }
}

/** For people to read: with times as they write them. */
function detailOf(document: PolicyDocument): string {
  const exceptions = document.exceptions.map((each) => ({ ...each, until: new Date(each.until).toISOString() }));
  return JSON.stringify({ ...document, exceptions });
}

/** An environment's default registry has to be allowed by the organisation, too. */
async function agreesWithOrganisation(
  scope: PolicyScope,
  document: PolicyDocument,
  deps: PolicyDeps,
): Promise<Result<undefined, InvalidInput>> {
  if (scope === null || document.defaultRegistry === null) return success(undefined);
  const organisation = (await deps.catalogue.getPolicy(null))?.document;
  const conflict = disagreement({ organisation, environment: document });
  return conflict === undefined ? success(undefined) : failure(conflict);
}
