/** Policy: which images an environment may pull. This file: the documents. policy-decision.ts: what they say. */

export const POLICY_MODES = ['enforce', 'audit'] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

/** Entries are canonical text here: they were parsed when they came in. */
export interface PolicyDocument {
  /** null = no restriction. Never empty: an empty list is an error when it comes in. */
  readonly whitelist: readonly string[] | null;
  readonly deny: readonly string[];
  /**
   * Opened whatever this document's whitelist and deny list say. The organisation's opens every environment's document,
   * too; an environment's never the organisation's.
   */
  readonly alwaysAllow: readonly string[];
  /** Each entry at most once. One that has ended does nothing, and stays to be seen until somebody takes it out. */
  readonly exceptions: readonly PolicyException[];
  /** A canonical address; null = inherit (environment) or Docker Hub (organisation). */
  readonly defaultRegistry: string | null;
  /** null = inherit (environment) or enforce (organisation). */
  readonly mode: PolicyMode | null;
}

/** Opens the document that it stands in, as `alwaysAllow` does, and no other; and only until then. */
export interface PolicyException {
  readonly entry: string;
  readonly reason: string;
  /** Milliseconds since the epoch: at that moment it has ended. */
  readonly until: number;
}

export interface StoredPolicy {
  readonly document: PolicyDocument;
  readonly revision: number;
  readonly updatedAt: number;
}

/** What holds where nobody has set a policy. */
export const UNRESTRICTED: PolicyDocument = {
  whitelist: null,
  deny: [],
  alwaysAllow: [],
  exceptions: [],
  defaultRegistry: null,
  mode: null,
};

export function hasEnded(exception: Pick<PolicyException, 'until'>, at: number): boolean {
  return exception.until <= at;
}
