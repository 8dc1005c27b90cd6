/** What a plan consists of: steps that change something, what is so already, and what is not taken over. */
import type { Finding, WantedRegistry, WantedSource } from '../../formats/import/wanted.ts';

/** One field, as it is and as it would be. Never a secret's: those are said to be given or missing. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** `missing`: the step needs one, and the file has none. */
export type SecretState = 'none' | 'given' | 'missing';

export interface AddRegistry {
  readonly action: 'add';
  readonly subject: 'registry';
  readonly name: string;
  readonly wanted: WantedRegistry;
  readonly secret: SecretState;
  readonly notes: readonly string[];
}

export interface ChangeRegistry {
  readonly action: 'change';
  readonly subject: 'registry';
  readonly name: string;
  readonly id: string;
  /** Which the plan was made from. */
  readonly revision: number;
  readonly changes: readonly FieldChange[];
  /** It is for these, or will be. */
  readonly environments: readonly string[];
  /** All of the API's document for the change but the source. */
  readonly patch: Readonly<Record<string, unknown>>;
  /** Undefined: the source stays as it is, and so does its secret. */
  readonly source: WantedSource | undefined;
  readonly state: 'active' | 'inactive' | undefined;
  readonly secret: SecretState;
  readonly notes: readonly string[];
}

export interface SetPolicy {
  readonly action: 'change';
  readonly subject: 'policy';
  readonly name: string;
  readonly environment: string | undefined;
  readonly revision: number;
  readonly changes: readonly FieldChange[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

export interface AddAgent {
  readonly action: 'add';
  readonly subject: 'agent';
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

export type Step = AddRegistry | ChangeRegistry | SetPolicy | AddAgent;

export interface Unchanged {
  readonly subject: Step['subject'];
  readonly name: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly unchanged: readonly Unchanged[];
  readonly leftOut: readonly Finding[];
  readonly remarks: readonly string[];
  /** Of the registries that the plan was made against. */
  readonly knownRegistries: ReadonlySet<string>;
}

export interface PlanOptions {
  /** Send the file's secrets for registries that are there already, too. */
  readonly replaceSecrets: boolean;
  /** Add a registry also where it answers instead of one that is there. */
  readonly allowOverride: boolean;
  readonly now: number;
}
