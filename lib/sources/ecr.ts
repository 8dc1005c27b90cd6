/**
 * Amazon ECR and ECR Public: logins that AWS gives out for 12 hours at most, asked for with Pullpass's own identity or an
 * access key, and through a role where the registry names one.
 */
import { success, type Result } from '../domain/result.ts';
import { ownIdentityFault, type OperatorHosts } from '../domain/secret-destination.ts';
import { awsClients, type AwsClients, type AwsConfig, type AwsCredentials } from './ecr/aws-clients.ts';
import { awsFailure, unusableAnswer, type AwsCall } from './ecr/aws-failure.ts';
import { requestLogin, type EcrLogin } from './ecr/authorization-token.ts';
import { ecrAcceptance } from './ecr/ecr-acceptance.ts';
import { regionOf, roleRequest, type RoleRequest } from './ecr/ecr-role.ts';
import { ecrHostOf, hostName } from './ecr/ecr-rules.ts';
import { readSecretAccessKey, readSettings, type EcrSettings } from './ecr/ecr-settings.ts';
import { assumeRole, type RoleSession } from './ecr/role-session.ts';
import { failedMint, type FailedMint } from './mint-failure.ts';
import type { MintFailure, MintRequest, MintedCredential, SourceKind } from './source-kind.ts';
import { withinSignal } from './within-signal.ts';

export interface EcrSourceConfig extends AwsConfig, Partial<OperatorHosts> {
  readonly now?: () => number;
}

export function ecrSource(config: EcrSourceConfig = {}): SourceKind {
  const clients = awsClients(config);
  const { now = Date.now, ecrUpstreamHosts = [] } = config;
  return { ...ecrAcceptance, mint: (request) => mintLogin(request, { clients, now, ecrUpstreamHosts }) };
}

interface MintConfig extends OperatorHosts {
  readonly clients: AwsClients;
  readonly now: () => number;
}

async function mintLogin(
  { address, settings, secret, signal }: MintRequest,
  { clients, now, ecrUpstreamHosts }: MintConfig,
): Promise<Result<MintedCredential, MintFailure>> {
  const stored = readSettings(settings);
  const host = stored === undefined ? undefined : ecrHostOf(address, stored);
  if (stored === undefined || host === undefined) {
    return failedMint('internal', 'the stored settings of this source cannot be read; edit the registry');
  }
  // Here, too, since another process may be the one that asks. It does not say how the token is sent; where is what is asked.
  const misdirected = ownIdentityFault({ address, source: settings, tls: {} }, { ecrUpstreamHosts });
  if (misdirected !== undefined) {
    return failedMint('destination_refused', `${misdirected.field} ${misdirected.rule}`);
  }
  const own = ownCredentials(stored, readSecretAccessKey(secret)?.reveal());
  if (own === 'missing') return failedMint('bad_secret', 'the stored access key cannot be used; give it again');

  const role = roleRequest(host, hostName(address, stored), stored);
  const session = await roleSession({ role, region: regionOf(host), own, signal, now }, clients);
  if (!session.ok) return session;
  const call: AwsCall = { service: host.kind === 'private' ? 'ecr' : 'ecr-public', withRole: role !== undefined };
  const credentials = session.value?.credentials ?? own;
  let login: EcrLogin;
  try {
    login = await withinSignal(signal, () => requestLogin(host, { credentials, signal }, clients));
  } catch (error) {
    return awsFailure(error, call);
  }
  // What a session opened is not relied on beyond it.
  const expiresAt = Math.min(login.expiresAt, session.value?.expiresAt ?? Infinity);
  if (expiresAt <= now()) return unusableAnswer(call);
  return success({ username: login.username, password: login.password, expiresAt });
}

function ownCredentials(
  { accessKeyId }: EcrSettings,
  secretAccessKey: string | undefined,
): AwsCredentials | undefined | 'missing' {
  if (accessKeyId === undefined) return undefined;
  return secretAccessKey === undefined ? 'missing' : { accessKeyId, secretAccessKey };
}

interface SessionRequest {
  readonly role: RoleRequest | undefined;
  readonly region: string;
  readonly own: AwsCredentials | undefined;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

async function roleSession(
  { role, region, own, signal, now }: SessionRequest,
  clients: AwsClients,
): Promise<{ readonly ok: true; readonly value: RoleSession | undefined } | FailedMint> {
  if (role === undefined) return success(undefined);
  try {
    const caller = { region, credentials: own, signal, now };
    return success(await withinSignal(signal, () => assumeRole(role, caller, clients)));
  } catch (error) {
    return awsFailure(error, { service: 'sts', externalId: role.externalId });
  }
}
