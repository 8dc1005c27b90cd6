/** A caller's identity: a host (`agent`), somebody who looks (`viewer`), somebody who changes things (`admin`). */

export const ROLES = ['agent', 'viewer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** What its token opens: environment names, or `*`. Viewers and admins see all environments whatever stands here. */
  readonly environments: readonly string[];
  /** May fetch every credential of its environments at once, as a docker config. */
  readonly export: boolean;
  readonly createdAt: number;
  readonly expiresAt?: number;
  /** SHA-256 of the whole token, hex. Tokens carry 256 random bits, so a slow hash would only slow us. */
  readonly tokenHash: string;
}
