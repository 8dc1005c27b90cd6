/**
 * What a failed token request means. Reads the status and the OAuth error code (https://www.rfc-editor.org/rfc/rfc6749#section-5.2),
 * never the description: Google's texts name accounts, and the library's error holds the signed assertion.
 */
import { gaxios } from 'google-auth-library';
import * as z from 'zod/mini';
import { connectionFailure } from '../connection-failure.ts';
import { failedMint, retryAfterSeconds, type FailedMint } from '../mint-failure.ts';
import { UnusableAnswer } from './token-endpoint.ts';

const SERVICE = "Google's token endpoint";

/** The library's fetch brings its own class of headers. */
const headers = z.custom<Pick<Headers, 'get'>>(
  (value: unknown) => typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function',
);
const answered = z.looseObject({ response: z.looseObject({ status: z.number(), data: z.unknown(), headers }) });
const oauthError = z.looseObject({ error: z.string() });

export function tokenFailure(error: unknown): FailedMint {
  if (error instanceof UnusableAnswer) return unusable();
  const parsed = z.safeParse(answered, error);
  if (parsed.success) {
    const { status, data } = parsed.data.response;
    const body = z.safeParse(oauthError, data);
    return answeredFailure({
      status,
      code: body.success ? body.data.error : undefined,
      retryAfter: retryAfterSeconds(parsed.data.response.headers.get('retry-after')),
    });
  }
  const connection = connectionFailure(error, SERVICE);
  if (connection !== undefined) return connection;
  if (error instanceof gaxios.GaxiosError) return unusable();
  return failedMint('internal', 'the token request failed in an unforeseen way; this is a bug in Pullpass');
}

export function unusable(): FailedMint {
  return failedMint(
    'bad_answer',
    `${SERVICE} answered, but with nothing that is a token which lives; check proxies on the way`,
  );
}

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfter: number | undefined;
}

function answeredFailure({ status, code, retryAfter }: Answer): FailedMint {
  if (status === 429) {
    return failedMint('throttled', `${SERVICE} asks for fewer requests; it is tried again later`, retryAfter);
  }
  if (status >= 500) {
    return failedMint('unavailable', `${SERVICE} is out of order; it is tried again`, retryAfter);
  }
  switch (code) {
    case 'invalid_grant':
      return failedMint(
        'bad_secret',
        'Google does not take this key: it was deleted or disabled, or its account was, or the clock here is wrong; give a new key if the clock is right',
      );
    case 'invalid_client':
    case 'unauthorized_client':
      return failedMint(
        'bad_secret',
        'Google does not know this service account or does not let it ask for tokens; give a new key',
      );
    case 'invalid_scope':
      return failedMint('denied', 'Google does not give tokens for these scopes; change them');
    case 'access_denied':
    case 'account_disabled':
    case 'disabled_client':
    case 'org_internal':
      return failedMint(
        'denied',
        "Google refuses this service account; see whether it is enabled and what the organisation's policies say",
      );
    case undefined:
    default:
      return otherStatus(status);
  }
}

function otherStatus(status: number): FailedMint {
  if (status === 401) return failedMint('bad_secret', 'Google does not take this key; give a new one');
  if (status === 403)
    return failedMint('denied', "Google refuses this service account; see what the organisation's policies say");
  if (status === 408) return failedMint('timeout', `${SERVICE} did not answer in time; it is tried again`);
  return unusable();
}
