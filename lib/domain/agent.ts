/** A caller's identity: a host (`agent`), somebody who looks (`viewer`), somebody who changes things (`admin`). */

export const ROLES = ['agent', 'viewer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a principal of AWS IAM may be bound to. Administration is not behind IAM: it takes a token, always. */
export const PRINCIPAL_ROLES = ['agent', 'viewer'] as const;
export type PrincipalRole = (typeof PRINCIPAL_ROLES)[number];

/** All agents with a principal are read together whenever one of them calls. */
export const MAX_PRINCIPAL_AGENTS = 200;

interface AgentRecord {
  readonly id: string;
  readonly name: string;
  /** What the agent opens: environment names, or `*`. Viewers and admins see all environments whatever stands here. */
  readonly environments: readonly string[];
  /** May fetch every credential of its environments at once, as a docker config. */
  readonly export: boolean;
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** Whoever has the token is this agent. */
export interface TokenAgent extends AgentRecord {
  readonly role: Role;
  /** SHA-256 of the whole token, hex. Tokens carry 256 random bits, so a slow hash would only slow us. */
  readonly tokenHash: string;
  readonly principal?: never;
}

/** Whoever AWS IAM says is such a principal is this agent; it has no token. */
export interface PrincipalAgent extends AgentRecord {
  readonly role: PrincipalRole;
  /** An ARN pattern in the canonical form that `parsePrincipalPattern` gave: see principal.ts. */
  readonly principal: string;
  readonly tokenHash?: never;
}

export type Agent = TokenAgent | PrincipalAgent;
