/** What is recorded: every decision about a pull, every change by an administrator. Never a secret. */
import type { PolicyMode } from './policy.ts';

export interface DecisionEntry {
  readonly type: 'decision';
  readonly at: number;
  readonly environment: string;
  readonly agentId: string;
  /** The caller's ARN, where AWS IAM said who calls: many hosts may be one agent. */
  readonly principal?: string;
  /** The canonical reference, or a host where a client named only that. */
  readonly image: string;
  readonly outcome: 'released' | 'denied' | 'no_credential' | 'registry_inactive' | 'ambiguous' | 'unavailable';
  readonly rule: string;
  readonly mode: PolicyMode;
  /** In audit mode: what enforce would have done. */
  readonly wouldRefuse: boolean;
  readonly registryId?: string;
  readonly version?: string;
}

export interface ChangeEntry {
  readonly type: 'change';
  readonly at: number;
  /** An agent's id. */
  readonly actor: string;
  /** `registry.add`, `policy.set`, `agent.delete`, … */
  readonly action: string;
  /** What was changed: a registry's or agent's id, an environment's name, `organisation`. */
  readonly subject: string;
  /** Names of the fields that changed; values only where they are not secret. */
  readonly detail?: string;
}

export type AuditEntry = (DecisionEntry | ChangeEntry) & { readonly id: string };

export interface AuditQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly environment?: string;
  readonly type?: 'decision' | 'change';
}
