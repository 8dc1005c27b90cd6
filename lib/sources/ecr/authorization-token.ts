/** Asks ECR, or ECR Public, for a login, and decodes what they call an authorization token. */
import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { GetAuthorizationTokenCommand as GetPublicAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public';
import type { EcrHost } from '../../domain/ecr-host.ts';
import { Secret } from '../../domain/secret.ts';
import { BadAnswer } from './aws-failure.ts';
import type { AwsClients, AwsCredentials } from './aws-clients.ts';
import { regionOf } from './ecr-role.ts';

export interface EcrLogin {
  readonly username: string;
  readonly password: Secret;
  /** Milliseconds since the epoch, by AWS's clock. */
  readonly expiresAt: number;
}

/** Throws what the SDK throws, and BadAnswer. */
export async function requestLogin(
  host: EcrHost,
  caller: { readonly credentials: AwsCredentials | undefined; readonly signal: AbortSignal },
  clients: AwsClients,
): Promise<EcrLogin> {
  const target = { region: regionOf(host), credentials: caller.credentials };
  const options = { abortSignal: caller.signal };
  if (host.kind === 'public') {
    const command = new GetPublicAuthorizationTokenCommand({});
    const answer = await clients.ecrPublic(target, (client) => client.send(command, options));
    return decodeLogin(answer.authorizationData);
  }
  const command = new GetAuthorizationTokenCommand({});
  const answer = await clients.ecr(target, (client) => client.send(command, options));
  // One token opens every registry that the caller may read; a list of them is a form that AWS gave up.
  return decodeLogin(answer.authorizationData?.[0]);
}

interface AuthorizationData {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const LOGIN = /^(?<username>[^:\p{Cc}]+):(?<password>[^\p{Cc}]+)$/u;

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html: base64 of `user:password`. */
function decodeLogin({ authorizationToken, expiresAt }: AuthorizationData = {}): EcrLogin {
  const runsOut = expiresAt?.getTime() ?? Number.NaN;
  if (authorizationToken === undefined || !BASE64.test(authorizationToken)) throw new BadAnswer();
  const groups = LOGIN.exec(Buffer.from(authorizationToken, 'base64').toString())?.groups;
  const { username, password } = groups ?? {};
  if (username === undefined || password === undefined || Number.isNaN(runsOut)) throw new BadAnswer();
  return { username, password: new Secret(password), expiresAt: runsOut };
}
