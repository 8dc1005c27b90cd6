/**
 * What an error of the AWS SDK means. Reads its name, status and Node's code, never its message: messages name accounts
 * and identities, and a malformed answer is quoted in them.
 */
import * as z from 'zod/mini';
import { connectionFailure } from '../connection-failure.ts';
import { failedMint, retryAfterSeconds, type FailedMint } from '../mint-failure.ts';

/** AWS said yes, and what it sent is no session or login. */
export class BadAnswer extends Error {}

/** Which call failed: the same "denied" asks for different remedies. */
export type AwsCall =
  | { readonly service: 'sts'; readonly externalId: string }
  | { readonly service: 'ecr' | 'ecr-public'; readonly withRole: boolean };

const NAMES = { sts: 'AWS STS', ecr: 'Amazon ECR', 'ecr-public': 'Amazon ECR Public' } as const;

const serviceError = z.looseObject({
  name: z.string(),
  $metadata: z.optional(z.looseObject({ httpStatusCode: z.optional(z.number()) })),
  $response: z.optional(z.looseObject({ headers: z.optional(z.record(z.string(), z.unknown())) })),
});

export function awsFailure(error: unknown, call: AwsCall): FailedMint {
  const service = NAMES[call.service];
  if (error instanceof BadAnswer) return unusableAnswer(call);
  const parsed = z.safeParse(serviceError, error);
  const name = parsed.success ? parsed.data.name : '';
  const status = parsed.success ? parsed.data.$metadata?.httpStatusCode : undefined;
  const header = parsed.success ? parsed.data.$response?.headers?.['retry-after'] : undefined;
  const retryAfter = retryAfterSeconds(typeof header === 'string' ? header : undefined);

  const named = nameFailure(name, call, retryAfter);
  if (named !== undefined) return named;
  const connection = connectionFailure(error, service);
  if (connection !== undefined) return connection;
  if (status === undefined) return unforeseen();
  if (status === 429) return throttled(service, retryAfter);
  if (status >= 500) return failedMint('unavailable', `${service} is out of order; it is tried again`, retryAfter);
  if (status === 401 || status === 403) return denied(call);
  return unusableAnswer(call);
}

export function unusableAnswer(call: AwsCall): FailedMint {
  const service = NAMES[call.service];
  return failedMint(
    'bad_answer',
    `${service} answered, but with nothing that lets one log in; check proxies and clocks`,
  );
}

const THROTTLED =
  /^(?:Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|RequestThrottled|RequestThrottledException|LimitExceeded|LimitExceededException|SlowDown|BandwidthLimitExceeded|PriorRequestNotComplete|TransactionInProgressException|EC2ThrottledException)$/;
const UNKNOWN_KEY =
  /^(?:UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure|MissingAuthenticationToken)/;
const WRONG_SIGNATURE = /^(?:SignatureDoesNotMatch|InvalidSignature|IncompleteSignature)/;
const WRONG_TIME = /^(?:ExpiredToken|RequestExpired|RequestTimeTooSkewed|RequestInTheFuture)/;
const BAD_POLICY = /^(?:MalformedPolicyDocument|PackedPolicyTooLarge)/;

function nameFailure(name: string, call: AwsCall, retryAfter: number | undefined): FailedMint | undefined {
  if (THROTTLED.test(name)) return throttled(NAMES[call.service], retryAfter);
  if (name.startsWith('AccessDenied')) return denied(call);
  if (UNKNOWN_KEY.test(name))
    return failedMint(
      'denied',
      'AWS does not know this access key: it was deleted, or is for another partition; give another',
    );
  if (WRONG_SIGNATURE.test(name))
    return failedMint(
      'denied',
      "AWS does not take the signature: the secret access key is wrong, or this machine's clock is",
    );
  if (WRONG_TIME.test(name))
    return failedMint('denied', "the AWS credentials used have run out, or this machine's clock is wrong");
  if (name.startsWith('RegionDisabled'))
    return failedMint('denied', 'AWS STS is not activated in this region for the account; activate it in IAM');
  if (BAD_POLICY.test(name))
    return failedMint('denied', 'AWS does not take the session policy; name fewer repositories');
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return failedMint(
      'denied',
      'Pullpass found no AWS identity of its own: give it one (role, profile, environment), or give the registry an access key',
    );
  }
  return undefined;
}

function throttled(service: string, retryAfter: number | undefined): FailedMint {
  return failedMint('throttled', `${service} asks for fewer requests; it is tried again later`, retryAfter);
}

function denied(call: AwsCall): FailedMint {
  if (call.service === 'sts') {
    const trust = `its trust policy must name Pullpass's identity and the external id ${call.externalId}`;
    return failedMint(
      'denied',
      `the role may not be assumed: ${trust}, and that identity must be allowed sts:AssumeRole`,
    );
  }
  const who = call.withRole ? 'the role' : 'the identity used';
  const actions =
    call.service === 'ecr'
      ? 'ecr:GetAuthorizationToken on "*"'
      : 'ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken on "*"';
  return failedMint('denied', `${who} may not ask for a login: allow it ${actions}`);
}

function unforeseen(): FailedMint {
  return failedMint('internal', 'the request to AWS failed in an unforeseen way; this is a bug in Pullpass');
}
