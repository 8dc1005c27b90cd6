/** Becomes a role for an hour, narrowed by a session policy. Translates only: what is asked for was decided when it was accepted. */
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { BadAnswer } from './aws-failure.ts';
import type { AwsClients, AwsCredentials, ClientTarget } from './aws-clients.ts';
import type { RoleRequest } from './ecr-role.ts';

/** What every role allows: its own limit may be higher, a chain of roles never goes beyond an hour. */
const DURATION_SECONDS = 3600;

export interface RoleSession {
  readonly credentials: AwsCredentials;
  readonly expiresAt: number;
}

/** Throws what the SDK throws, and BadAnswer. */
export async function assumeRole(
  role: RoleRequest,
  caller: ClientTarget & { readonly signal: AbortSignal; readonly now: () => number },
  clients: AwsClients,
): Promise<RoleSession> {
  const command = new AssumeRoleCommand({
    RoleArn: role.roleArn,
    ExternalId: role.externalId,
    RoleSessionName: role.sessionName,
    DurationSeconds: DURATION_SECONDS,
    ...(role.policy === undefined ? {} : { Policy: role.policy }),
  });
  const answer = await clients.sts(caller, (client) => client.send(command, { abortSignal: caller.signal }));
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
  const expiresAt = Expiration?.getTime() ?? Number.NaN;
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Number.isNaN(expiresAt)) throw new BadAnswer();
  return {
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    // By this machine's clock a session that was just asked for lasts no longer than what was asked for.
    expiresAt: Math.min(expiresAt, caller.now() + DURATION_SECONDS * 1000),
  };
}
