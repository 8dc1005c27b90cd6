/**
 * The catalogue: registries, policies, agents and the audit trail. It holds no secret.
 *
 * Its job: durable, conditional, all-or-nothing writes. Not its job: deciding anything. A change and its audit entry are
 * one write. An outage throws `StoreUnavailable`; everything else that can be expected comes back as a value. A row that cannot
 * be read (`UnreadableRow`) is an outage of itself alone: lists and claims leave it out, and say so where it matters.
 * test/stores/catalogue-contract.ts is what an implementation must pass.
 */
import type { Agent, PrincipalAgent } from '../domain/agent.ts';
import type { AuditEntry, AuditQuery, ChangeEntry, DecisionEntry } from '../domain/audit.ts';
import type { CredentialRecord } from '../domain/credential.ts';
import type { StoredPolicy, PolicyDocument } from '../domain/policy.ts';
import type { Registry } from '../domain/registry.ts';
import type { UnreadableRegistry } from '../domain/unreadable-registry.ts';
import type { BadRow } from './bad-rows.ts';

/** The store could not be read or written. `code` is our word or the vendor's error code, never its text. */
export class StoreUnavailable extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`store unavailable: ${code}`);
    this.name = 'StoreUnavailable';
    this.code = code;
  }
}

/** `null` is the organisation. */
export type PolicyScope = string | null;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; absent on the last page. */
  readonly cursor?: string;
}

/** `unreadable`: what would be on this page, and cannot be read; absent where there is none. */
export interface RegistryPage extends Page<Registry> {
  readonly unreadable?: readonly UnreadableRegistry[];
}

/** A cursor that this catalogue did not give out. */
export type PageResult<Item> = Page<Item> | 'bad_cursor';

/** Whose agents a resolve needs: the one under this id, or, for a caller whom AWS IAM names, all that have a principal. */
export type CallerQuery = { readonly kind: 'agent'; readonly id: string } | { readonly kind: 'principals' };

/** All that a resolve needs to decide, from one round trip. Where there is no such agent the rest may be left out. */
export interface ResolveView {
  /** The agent with that id, if there is one; or all agents that have a principal, oldest first. */
  readonly agents: readonly Agent[];
  readonly organisationPolicy: StoredPolicy | undefined;
  readonly environmentPolicy: StoredPolicy | undefined;
  /** Every registry on that host, whatever its environments and state. */
  readonly registries: readonly Registry[];
  /** Those on that host that cannot be read; absent where there is none. */
  readonly unreadable?: readonly UnreadableRegistry[];
}

export interface RegistryFilter {
  /** Authorised for this environment, by name or by `*`. */
  readonly environment?: string;
  /** Exactly this canonical address. */
  readonly address?: string;
  readonly kind?: string;
  readonly state?: 'active' | 'inactive';
}

export type ConditionalWrite<Item> =
  | { readonly kind: 'stored'; readonly item: Item }
  | { readonly kind: 'missing' }
  | { readonly kind: 'conflict'; readonly currentRevision: number };

export type Removal = Exclude<ConditionalWrite<never>, { readonly kind: 'stored' }> | { readonly kind: 'removed' };

export interface RejectionReport {
  readonly registryId: string;
  readonly version: string;
  readonly now: number;
  /** The vault does not have it: nothing works until there is another one. */
  readonly lost?: boolean;
}

export interface ClaimRequest {
  readonly claimId: string;
  readonly now: number;
  /** The claim lapses then, so that a run that died does not block its registries for ever. */
  readonly until: number;
}

export interface RefreshOutcome {
  readonly registryId: string;
  readonly claimId: string;
  /** The secret the credential was made from; a registry edited meanwhile must not get a credential of its old source. */
  readonly sourceVersion: string | undefined;
  /** The rejected version that was known when it was claimed. */
  readonly knownRejection?: string | undefined;
  /** Replaces the whole record; a `claim` in it is not kept. Absent: all but the claim stays as it is. */
  readonly credential?: CredentialRecord;
  readonly verification?: Registry['verification'];
  readonly expiryReported?: Registry['expiryReported'];
  /** What an administrator asked for, what Pullpass noticed: in this order. */
  readonly changes?: readonly ChangeEntry[];
}

export interface Catalogue {
  /** Random, made once, the same for ever: what external ids are derived from. */
  installationId(): Promise<string>;

  readForResolve(query: {
    readonly caller: CallerQuery;
    readonly environment: string;
    readonly host: string;
  }): Promise<ResolveView>;

  /** Stores it with the next `order` and revision 1. Adding an id that exists is a bug and throws. */
  addRegistry(registry: Omit<Registry, 'order' | 'revision'>, change: ChangeEntry): Promise<Registry>;
  getRegistry(id: string): Promise<Registry | undefined>;
  /**
   * Newest first. `limit` 1 to 500. Pages may be short, the last one alone has no cursor. An index may lag: what was added
   * a moment ago may be listed a moment later, here and in `listAgents`; whatever is listed is as it is now.
   */
  listRegistries(query: {
    readonly filter: RegistryFilter;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<RegistryPage | 'bad_cursor'>;
  /** Every registry on a host (`host[:port]`) that can be read, newest first. */
  registriesOnHost(host: string): Promise<readonly Registry[]>;
  /**
   * Replaces what an administrator may change, provided the stored revision is `expectedRevision`; stores revision + 1.
   * `credential` and `verification` are left as they are, except that `replaceCredential` puts the given ones in their
   * place and ends any claim. `expiryReported` is left as it is as long as it is of the date that the registry has.
   */
  updateRegistry(update: {
    readonly registry: Registry;
    readonly expectedRevision: number;
    readonly replaceCredential: boolean;
    readonly change: ChangeEntry;
  }): Promise<ConditionalWrite<Registry>>;
  /** `expectedRevision` undefined: whatever it is. Also one that cannot be read. */
  removeRegistry(removal: {
    readonly id: string;
    readonly expectedRevision: number | undefined;
    readonly change: ChangeEntry;
  }): Promise<Removal>;

  /**
   * Claims up to `limit` active registries whose `dueAt` has come, oldest first, skipping those under a live claim.
   * Two callers at once never get the same registry. Cost follows what is due, not what there is.
   */
  claimDue(query: {
    readonly claim: ClaimRequest;
    readonly kinds: readonly string[];
    readonly limit: number;
  }): Promise<readonly Registry[]>;
  /** Claims one registry, due or not; `busy` under somebody else's live claim. */
  claimRegistry(id: string, claim: ClaimRequest): Promise<Registry | 'missing' | 'busy'>;
  /**
   * Ends the claim with its outcome. `lost`, and nothing changed, when the claim is no longer ours (a lapsed one is
   * until somebody else takes it) or the source changed meanwhile. A rejection that was reported meanwhile is kept, and the
   * due time with it, unless there is another credential by then.
   */
  finishRefresh(outcome: RefreshOutcome): Promise<'stored' | 'lost'>;
  /** Marks a version as rejected and the registry as due now: once per version, only for the current one. */
  reportRejection(report: RejectionReport): Promise<'scheduled' | 'already_reported' | 'superseded' | 'missing'>;

  getPolicy(scope: PolicyScope): Promise<StoredPolicy | undefined>;
  /**
   * `expectedRevision`: a number for that very revision, 0 for "there is none yet", undefined for any. Never `missing`:
   * where there is none yet, the conflict's current revision is 0. What it replaces need not be readable.
   */
  putPolicy(write: {
    readonly scope: PolicyScope;
    readonly document: PolicyDocument;
    readonly expectedRevision: number | undefined;
    readonly updatedAt: number;
    readonly change: ChangeEntry;
  }): Promise<ConditionalWrite<StoredPolicy>>;

  addAgent(agent: Agent, change: ChangeEntry): Promise<void>;
  getAgent(id: string): Promise<Agent | undefined>;
  /** Oldest first. */
  listAgents(query: { readonly limit: number; readonly cursor?: string }): Promise<PageResult<Agent>>;
  /** Also one that cannot be read. */
  removeAgent(id: string, change: ChangeEntry): Promise<'removed' | 'missing'>;
  /** All agents that have a principal, oldest first (by `createdAt`, then id, as in `listAgents`). They are few. */
  listPrincipals(): Promise<readonly PrincipalAgent[]>;

  /** Every environment that a registry, a policy or an agent names, sorted, without `*`. */
  listEnvironments(): Promise<readonly string[]>;
  /** Of active registries with a credential that runs out: the one that runs out first, per source kind. */
  soonestExpiries(): Promise<
    readonly { readonly kind: string; readonly registryId: string; readonly expiresAt: number }[]
  >;

  /** Of active registries: the one that somebody has to act on first, if any is ever. */
  firstUrgent(): Promise<{ readonly registryId: string; readonly urgentAt: number } | undefined>;

  /** Resolves only when the entry is durable: the caller releases a secret after it. */
  recordDecision(entry: DecisionEntry): Promise<void>;
  /**
   * In the order recorded, newest first. Changes are made in no environment: an environment filter leaves them out, as one
   * by subject leaves out decisions. What was changed a moment ago may be listed by its subject a moment later.
   */
  listAudit(query: AuditQuery): Promise<PageResult<AuditEntry>>;

  /** Rows that some call came upon and could not read, and that are still so. Not a search for them: whoever lists, searches. */
  badRows(): Promise<readonly BadRow[]>;
}
