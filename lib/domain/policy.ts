/** Policy: which images an environment may pull. This file: the documents. policy-decision.ts: what they say. */

export const POLICY_MODES = ['enforce', 'audit'] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

/** Entries are canonical text here: they were parsed when they came in. */
export interface PolicyDocument {
  /** null = no restriction. Never empty: an empty list is an error when it comes in. */
  readonly whitelist: readonly string[] | null;
  readonly deny: readonly string[];
  /** A canonical address; null = inherit (environment) or Docker Hub (organisation). */
  readonly defaultRegistry: string | null;
  /** null = inherit (environment) or enforce (organisation). */
  readonly mode: PolicyMode | null;
}

export interface StoredPolicy {
  readonly document: PolicyDocument;
  readonly revision: number;
  readonly updatedAt: number;
}

/** What holds where nobody has set a policy. */
export const UNRESTRICTED: PolicyDocument = { whitelist: null, deny: [], defaultRegistry: null, mode: null };
