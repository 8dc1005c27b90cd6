/** In which region, and through which role, a registry's login is asked for. Text in, text out; asking is role-session.ts. */
import type { EcrHost } from '../../domain/ecr-host.ts';
import type { EcrSettings } from './ecr-settings.ts';
import { sessionName, sessionPolicy } from './session-policy.ts';

/** ECR Public gives its tokens out in this one region. */
const PUBLIC_REGION = 'us-east-1';

export function regionOf(host: EcrHost): string {
  return host.kind === 'private' ? host.region : PUBLIC_REGION;
}

export interface RoleRequest {
  readonly roleArn: string;
  readonly externalId: string;
  readonly sessionName: string;
  /** JSON of a session policy; undefined: all that the role may. */
  readonly policy: string | undefined;
}

export function roleRequest(host: EcrHost, name: string, settings: EcrSettings): RoleRequest | undefined {
  const { roleArn, externalId, repositories } = settings;
  if (roleArn === undefined || externalId === undefined) return undefined;
  const narrowed = repositories !== undefined && host.kind === 'private';
  const policy = narrowed ? sessionPolicy(host, repositories) : undefined;
  return { roleArn, externalId, sessionName: sessionName(name), policy };
}
