/**
 * What policy refused in an environment, and what audit mode let through that enforce would have refused: counted by rule and
 * image, from the record of decisions, the newest first. A call looks at a stretch of the record; its cursor leads to the
 * next. Counts of several stretches add up; agents are named, so that whoever adds up counts none twice.
 */
import { setImmediate } from 'node:timers/promises';
import type { AuditEntry, DecisionEntry } from '../domain/audit.ts';
import { parseEnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Catalogue } from '../stores/catalogue.ts';

/** `let_through`: in audit mode. `allowed`: only where all are asked for. */
export const REFUSAL_OUTCOMES = ['refused', 'let_through', 'allowed'] as const;
export type RefusalOutcome = (typeof REFUSAL_OUTCOMES)[number];

export interface Refusal {
  readonly outcome: RefusalOutcome;
  readonly rule: string;
  /** The canonical reference, or a host where clients named only that. */
  readonly image: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Ids, of this stretch: at most 100. */
  readonly agents: readonly string[];
  /** There were more agents than are named. */
  readonly moreAgents: boolean;
}

export interface Refusals {
  readonly since: number;
  /** Of the oldest and the newest decision that was looked at; undefined where there was none. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** How many were looked at, whatever they said. */
  readonly decisions: number;
  /** The most frequent first. */
  readonly items: readonly Refusal[];
  /** Where the next stretch starts; absent when all since then was looked at. */
  readonly cursor?: string;
}

export interface RefusalsRequest {
  readonly environment: string;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly cursor?: string | undefined;
  /** Also what was allowed: then it is all that hosts asked for. */
  readonly all: boolean;
}

export interface RefusalsDeps {
  readonly catalogue: Pick<Catalogue, 'listAudit'>;
  readonly now: () => number;
}

const DEFAULT_SINCE_MS = 7 * 86_400_000;
/**
 * A call ends, with its page, at whichever comes first: well below the 30 seconds after which an HTTP API gives up, and the
 * 6 MB that a function may answer.
 */
const DECISIONS_A_CALL = 5_000;
const ITEMS_A_CALL = 1_000;
const CALL_MS = 8_000;
const PAGE = 500;
const NAMED_AGENTS = 100;

export async function refusals(
  request: RefusalsRequest,
  deps: RefusalsDeps,
): Promise<Result<Refusals, InvalidInput> | 'bad_cursor'> {
  const environment = parseEnvironmentName(request.environment);
  if (!environment.ok) return failure(invalidInput('environment', environment.failure.rule));
  const startedAt = deps.now();
  const since = request.since ?? startedAt - DEFAULT_SINCE_MS;
  if (since > startedAt) return failure(invalidInput('since', 'must not be in the future'));

  const tally = newTally(request.all);
  const query = { type: 'decision', environment: environment.value, since, limit: PAGE } as const;
  let { cursor } = request;
  do {
    const page = await deps.catalogue.listAudit({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    if (page === 'bad_cursor') return page;
    for (const decision of page.items.filter(isDecision)) tally.add(decision);
    cursor = page.cursor;
    // Hosts get their turn between two pages.
    if (cursor !== undefined) await setImmediate();
  } while (cursor !== undefined && !tally.isFull() && deps.now() - startedAt < CALL_MS);
  const counted = { since, ...tally.counted() };
  return success(cursor === undefined ? counted : { ...counted, cursor });
}

function isDecision(entry: AuditEntry): entry is DecisionEntry & { readonly id: string } {
  return entry.type === 'decision';
}

interface Counted extends Omit<Refusal, 'agents' | 'moreAgents' | 'count' | 'firstAt' | 'lastAt'> {
  count: number;
  firstAt: number;
  lastAt: number;
  readonly agents: Set<string>;
}

interface Tally {
  readonly add: (decision: DecisionEntry) => void;
  readonly isFull: () => boolean;
  readonly counted: () => Omit<Refusals, 'since' | 'cursor'>;
}

function newTally(all: boolean): Tally {
  const items = new Map<string, Counted>();
  let decisions = 0;
  let from: number | undefined;
  let to: number | undefined;
  return {
    add: (decision) => {
      const { at, rule, image, agentId } = decision;
      decisions += 1;
      from = Math.min(from ?? at, at);
      to = Math.max(to ?? at, at);
      const outcome = outcomeOf(decision);
      if (outcome === 'allowed' && !all) return;
      // No image has a line break in it.
      const key = `${outcome}\n${image}\n${rule}`;
      const known = items.get(key) ?? { outcome, rule, image, count: 0, firstAt: at, lastAt: at, agents: new Set() };
      items.set(key, known);
      known.count += 1;
      known.firstAt = Math.min(known.firstAt, at);
      known.lastAt = Math.max(known.lastAt, at);
      known.agents.add(agentId);
    },
    isFull: () => decisions >= DECISIONS_A_CALL || items.size >= ITEMS_A_CALL,
    counted: () => {
      const sorted = [...items.values()].map(refusalOf).toSorted((one, other) => other.count - one.count);
      return { from, to, decisions, items: sorted };
    },
  };
}

function outcomeOf({ wouldRefuse, mode }: DecisionEntry): RefusalOutcome {
  if (!wouldRefuse) return 'allowed';
  return mode === 'audit' ? 'let_through' : 'refused';
}

function refusalOf({ agents, ...rest }: Counted): Refusal {
  return { ...rest, agents: [...agents].slice(0, NAMED_AGENTS), moreAgents: agents.size > NAMED_AGENTS };
}
