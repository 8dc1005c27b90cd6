/**
 * The names in the catalogue's table: what the store reads and writes by, and what the stack creates it from. Nothing here
 * talks to DynamoDB.
 *
 * One table, keys `pk` and `sk`. Every item that is read by id has a partition of its own; the registries of one host share
 * the partition of the host, so that all that a resolve needs is a handful of partitions and one call.
 */

export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';
/** Seconds since the epoch; DynamoDB removes the item some time after it. */
export const TTL_ATTRIBUTE = 'ttl';

/** What partitions are named by; `allowed prefixes` of roles in the stack are made from these. */
export const PREFIX = {
  /** `host#<host[:port]>`: the registries on that host, sort key `registry#<id>`. The truth about a registry is here. */
  host: 'host#',
  /** `registry#<id>`: on which host it is. */
  registry: 'registry#',
  /** `agent#<id>`. */
  agent: 'agent#',
  /** All agents that are known by an AWS principal and not by a token, sort key `agent#<id>`. */
  principals: 'principals',
  /** `policy` is the organisation's, `policy#<environment>` an environment's. */
  policy: 'policy',
  /** Sort key: an environment's name; how many registries, policies and agents name it. */
  environments: 'environments',
  /** `audit#…`: changes and decisions. */
  audit: 'audit#',
  /** The installation's id, the last order given out, the source kinds ever seen. */
  installation: 'installation',
} as const;

export interface TableIndex {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: { readonly name: string; readonly type: 'S' | 'N' };
  /** Projected beside the keys. */
  readonly attributes: readonly string[];
}

/** Sparse: an item is in an index only while it has the index's attributes. */
export const INDEXES = {
  /** Active registries with a due time or a claim, by source kind: the refresher's queue. */
  due: { name: 'due', partitionKey: 'dueKind', sortKey: { name: 'dueAt', type: 'N' }, attributes: [] },
  /** Active registries whose credential runs out, by source kind. */
  expiring: {
    name: 'expiring',
    partitionKey: 'expiringKind',
    sortKey: { name: 'expiresAt', type: 'N' },
    attributes: [],
  },
  /** Active registries that somebody has to act on at some time; one partition. */
  urgent: { name: 'urgent', partitionKey: 'urgent', sortKey: { name: 'urgentAt', type: 'N' }, attributes: [] },
  /**
   * Whatever is listed: registries (newest first), agents (oldest first), the changes of one subject (newest first). Nothing
   * in it changes with a refresh.
   */
  list: {
    name: 'list',
    partitionKey: 'list',
    sortKey: { name: 'listKey', type: 'S' },
    attributes: ['environments', 'kind', 'state'],
  },
} as const satisfies Record<string, TableIndex>;
