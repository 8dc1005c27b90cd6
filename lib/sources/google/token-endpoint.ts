/**
 * Exchanges a signed assertion for an access token, with Google's library. Its job: one request to the key's own token
 * endpoint and nowhere else. Not its job: saying what a failure means (token-failure.ts).
 */
import { gaxios, JWT } from 'google-auth-library';
import { Secret } from '../../domain/secret.ts';

export interface TokenRequest {
  readonly clientEmail: string;
  readonly privateKey: Secret;
  readonly tokenUri: string;
  readonly scopes: readonly string[];
  readonly signal: AbortSignal;
  readonly attemptTimeoutMilliseconds: number;
}

export interface AccessToken {
  readonly token: Secret;
  /** Milliseconds since the epoch, by the library's clock when the answer came. NaN where the answer says none. */
  readonly expiresAt: number;
}

/** An access token is about 1 KB. */
const ANSWER_LIMIT_BYTES = 32 * 1024;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The library signs for and sends to the address that it has built in, whatever the key file says: the endpoint is put
 * in here, where it makes its request, and the audience in `requestAccessToken`. Redirects are not followed: the body is
 * as good as a password for an hour. One more try, since the refresher has its own, much longer back-off.
 */
class TokenEndpoint extends gaxios.Gaxios {
  readonly #request: TokenRequest;
  answered = false;

  constructor(request: TokenRequest) {
    super();
    this.#request = request;
  }

  override async request<Answer>(options: gaxios.GaxiosOptions = {}): Promise<gaxios.GaxiosResponse<Answer>> {
    const { tokenUri, signal, attemptTimeoutMilliseconds } = this.#request;
    const response = await super.request<Answer>({
      ...options,
      url: tokenUri,
      signal,
      timeout: attemptTimeoutMilliseconds,
      redirect: 'manual',
      maxContentLength: ANSWER_LIMIT_BYTES,
      noProxy: LOOPBACK,
      retryConfig: { httpMethodsToRetry: ['POST'], statusCodesToRetry: [[500, 599]], retry: 1, noResponseRetries: 1 },
    });
    this.answered = true;
    return response;
  }
}

/** The endpoint said yes, and what it sent is no token. */
export class UnusableAnswer extends Error {}

/** Throws what the library throws. Its errors carry the assertion: read code and status, keep nothing else. */
export async function requestAccessToken(request: TokenRequest): Promise<AccessToken> {
  const { clientEmail, privateKey, tokenUri, scopes } = request;
  const endpoint = new TokenEndpoint(request);
  const client = new JWT({
    email: clientEmail,
    key: privateKey.reveal(),
    scopes: [...scopes],
    additionalClaims: { aud: tokenUri },
    transporter: endpoint,
    // Its request hooks write whole requests to the log when an environment variable asks for that.
    useAuthRequestParameters: false,
  });
  try {
    const { access_token: token, expiry_date: expiresAt } = await client.authorize();
    return {
      token: new Secret(typeof token === 'string' ? token : ''),
      expiresAt: typeof expiresAt === 'number' ? expiresAt : Number.NaN,
    };
  } catch (error) {
    throw endpoint.answered ? new UnusableAnswer() : error;
  }
}
