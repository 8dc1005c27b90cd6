/**
 * A CloudFormation custom resource: what is asked, and the answer, which goes to a signed address of Amazon S3 and not back to
 * the caller. The address is as good as a password for the answer: it is not logged.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
 */
import * as z from 'zod/mini';

const properties = z.looseObject({ Generation: z.optional(z.string()) });

const requestSchema = z.discriminatedUnion('RequestType', [
  z.looseObject({ RequestType: z.literal('Create'), ...common() }),
  z.looseObject({
    RequestType: z.literal('Update'),
    ...common(),
    PhysicalResourceId: z.string(),
    OldResourceProperties: properties,
  }),
  z.looseObject({ RequestType: z.literal('Delete'), ...common(), PhysicalResourceId: z.string() }),
]);

function common() {
  return {
    ResponseURL: z.url({ protocol: /^https?$/ }),
    StackId: z.string(),
    RequestId: z.string().check(z.minLength(1), z.maxLength(128)),
    LogicalResourceId: z.string(),
    ResourceProperties: properties,
  };
}

export type CustomResourceRequest = z.infer<typeof requestSchema>;

export function parseCustomResource(event: unknown): CustomResourceRequest | undefined {
  const parsed = z.safeParse(requestSchema, event);
  return parsed.success ? parsed.data : undefined;
}

export type CustomResourceOutcome =
  | { readonly ok: true; readonly physicalResourceId: string }
  | { readonly ok: false; readonly physicalResourceId: string; readonly reason: string };

const ATTEMPT_MS = 5_000;
const ATTEMPTS = 3;

/** Throws when nobody took the answer: without one the stack waits for an hour. */
export async function answerCloudFormation(
  request: CustomResourceRequest,
  outcome: CustomResourceOutcome,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = request;
  const { physicalResourceId: PhysicalResourceId } = outcome;
  const status = outcome.ok ? { Status: 'SUCCESS' } : { Status: 'FAILED', Reason: outcome.reason };
  const body = JSON.stringify({ ...status, PhysicalResourceId, StackId, RequestId, LogicalResourceId, Data: {} });
  for (let attempt = 1; ; attempt += 1) {
    if (await put(request.ResponseURL, body)) return;
    if (attempt === ATTEMPTS) throw new Error('CloudFormation did not take the answer');
  }
}

async function put(url: string, body: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ATTEMPT_MS);
    // The signature covers an empty content type.
    const init = { method: 'PUT', headers: { 'content-type': '' }, body, signal } as const;
    const answer = await fetch(url, { ...init, redirect: 'error' });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
