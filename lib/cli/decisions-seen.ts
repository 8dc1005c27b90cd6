/** What hosts asked for, or what of it was refused: all stretches of the record, put together. */
import { refusalsAnswer, type RefusalAnswer } from './answers.ts';
import { expectAnswer, pathOf, type CallApi } from './api-client.ts';
import { usageFailure } from './command-failure.ts';
import { pageChain } from './pages.ts';
import { parseLifetime } from './time-words.ts';

export interface SeenDecisions {
  readonly since: string;
  /** Of the oldest and the newest decision that was looked at. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly decisions: number;
  /** The record goes further back than was looked. */
  readonly cut: boolean;
  readonly items: readonly SeenDecision[];
}

/** All that had the same outcome, rule and image. */
export interface SeenDecision {
  /** `refused`, `let_through`, `allowed`. */
  readonly outcome: string;
  readonly rule: string;
  /** The canonical reference, or a host. */
  readonly image: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly agents: ReadonlySet<string>;
  /** There were more than are named. */
  readonly moreAgents: boolean;
}

export const DEFAULT_SINCE = '7d';
export const DEFAULT_MOST_DECISIONS = 200_000;

/** `7d` from now, or a time as it is. */
export function sinceOf(text: string, now: number): string {
  const back = parseLifetime(text);
  if (back !== undefined) return new Date(now - back).toISOString();
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) return text;
  throw usageFailure(
    `--since cannot be ${text}`,
    'give it as 7d, 12h, 30m or 4w, or a time such as 2027-01-31T00:00:00Z',
  );
}

/** @param query.all also what was allowed */
export async function decisionsSeen(
  api: CallApi,
  query: { readonly env: string; readonly since: string; readonly all: boolean; readonly most: number },
): Promise<SeenDecisions> {
  const path = pathOf('v1', 'environments', query.env, 'refusals');
  const items = new Map<string, SeenDecision>();
  const follow = pageChain(path);
  let [from, to]: (string | undefined)[] = [];
  let decisions = 0;
  let cursor: string | undefined;
  do {
    const all = query.all ? 'true' : undefined;
    const answer = await api({ method: 'GET', path, query: { since: query.since, all, cursor } });
    const page = expectAnswer(refusalsAnswer, answer);
    for (const item of page.items) addTo(items, item);
    decisions += page.decisions;
    to ??= page.to ?? undefined;
    from = page.from ?? from;
    cursor = follow(page.cursor);
  } while (cursor !== undefined && decisions < query.most);
  const sorted = [...items.values()].toSorted((one, other) => other.count - one.count);
  return { since: query.since, from, to, decisions, cut: cursor !== undefined, items: sorted };
}

function addTo(items: Map<string, SeenDecision>, item: RefusalAnswer): void {
  const key = `${item.outcome}\n${item.image}\n${item.rule}`;
  const known = items.get(key);
  if (known === undefined) {
    items.set(key, { ...item, agents: new Set(item.agents) });
    return;
  }
  items.set(key, {
    ...known,
    count: known.count + item.count,
    // The newest stretch comes first; times of one form compare as texts.
    firstAt: item.firstAt < known.firstAt ? item.firstAt : known.firstAt,
    lastAt: item.lastAt > known.lastAt ? item.lastAt : known.lastAt,
    agents: new Set([...known.agents, ...item.agents]),
    moreAgents: known.moreAgents || item.moreAgents,
  });
}

/** What clients named alone has no path; a reference always has one. */
export function isHostOnly(image: string): boolean {
  return !image.includes('/');
}
