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
  /** An agent's id; a word that is none for what no agent asked for. */
  readonly actor: string;
  /** `registry.add`, `policy.set`, `agent.delete`, …: before the dot what sort of thing the subject is. */
  readonly action: string;
  /**
   * What was changed: a registry's or agent's id, or a policy by what it is for (see `policySubject`). Registries and agents
   * have ids of different lengths, but an environment may have any of them as its name: only with the sort is it unique.
   */
  readonly subject: string;
  /** Names of the fields that changed; values only where they are not secret. */
  readonly detail?: string;
}

export type AuditEntry = (DecisionEntry | ChangeEntry) & { readonly id: string };

export type SubjectSort = 'registry' | 'policy' | 'agent';

/** The word before the dot of an action. */
export function subjectSortOf({ action }: Pick<ChangeEntry, 'action'>): string {
  return action.split('.', 1).join('');
}

const ORGANISATION = 'organisation';

/** A policy as the subject of a change: an environment's name, or `organisation`. No name has a slash in it. */
export function policySubject(environment: string | null): string {
  if (environment === null) return ORGANISATION;
  return environment === ORGANISATION ? `environment/${ORGANISATION}` : environment;
}

export interface AuditQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly environment?: string;
  readonly type?: 'decision' | 'change';
  /** Changes of exactly that subject. No decision has one, so that nothing fits this and an environment. */
  readonly subject?: string;
  /** With a subject: only where it is something of that sort. */
  readonly sort?: SubjectSort;
  /** Milliseconds since the epoch: nothing older is listed, and nothing older than that is read, page by page, to find it. */
  readonly since?: number;
}
