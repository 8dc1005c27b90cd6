/** What is counted from the record of decisions, and how far a call goes. */
import { describe, expect, it } from 'vitest';
import type { DecisionEntry } from '../../lib/domain/audit.ts';
import { refusals, type RefusalsDeps, type RefusalsRequest } from '../../lib/service/refusals.ts';
import { decision } from '../stores/contract/entries.ts';

const NOW = Date.parse('2026-10-15T12:00:00Z');
const DAY = 86_400_000;

/** The newest first, as it is listed; `tick` passes with each page. */
function deps(entries: readonly DecisionEntry[], tick = 0): RefusalsDeps {
  let now = NOW - tick;
  return {
    now: () => (now += tick),
    catalogue: {
      listAudit: async ({ limit, cursor = '0', environment, type, since = 0 }) => {
        if (!/^\d+$/.test(cursor)) return 'bad_cursor';
        const start = Number(cursor);
        const fitting = entries.filter(
          (entry) => entry.environment === environment && entry.type === type && entry.at >= since,
        );
        const items = fitting.slice(start, start + limit).map((entry, index) => ({ ...entry, id: `${start + index}` }));
        return start + limit < fitting.length ? { items, cursor: String(start + limit) } : { items };
      },
    },
  };
}

async function counted(entries: readonly DecisionEntry[], request: Partial<RefusalsRequest> = {}, tick = 0) {
  const outcome = await refusals({ environment: 'prod', all: false, ...request }, deps(entries, tick));
  if (outcome === 'bad_cursor' || !outcome.ok) throw new Error('refused');
  return outcome.value;
}

function entry(fields: Partial<DecisionEntry> = {}): DecisionEntry {
  return decision({
    at: NOW - 1000,
    rule: 'not in the environment whitelist',
    image: 'docker.io/library/nginx:1',
    ...fields,
  });
}

const ALLOWED = { wouldRefuse: false, rule: 'environment whitelist: quay.io', image: 'quay.io' } as const;

describe('refusals', () => {
  it('are counted by outcome, rule and image, the most frequent first', async () => {
    const { items, decisions } = await counted([
      entry({ at: NOW - 1 }),
      entry({ at: NOW - 2, mode: 'audit' }),
      entry({ at: NOW - 3, mode: 'audit', agentId: 'agent-2' }),
      entry({ at: NOW - 4, mode: 'audit', rule: 'organisation deny: docker.io' }),
      entry({ at: NOW - 5, mode: 'audit', image: 'ghcr.io' }),
      entry({ at: NOW - 6, mode: 'audit' }),
      entry({ ...ALLOWED, at: NOW - 7 }),
      entry({ environment: 'ci' }),
    ]);
    expect(decisions).toBe(7);
    const image = 'docker.io/library/nginx:1';
    const rule = 'not in the environment whitelist';
    expect(items).toEqual([
      {
        outcome: 'let_through',
        rule,
        image,
        count: 3,
        firstAt: NOW - 6,
        lastAt: NOW - 2,
        agents: ['agent-1', 'agent-2'],
        moreAgents: false,
      },
      expect.objectContaining({ outcome: 'refused', rule, image, count: 1, firstAt: NOW - 1, lastAt: NOW - 1 }),
      expect.objectContaining({ outcome: 'let_through', rule: 'organisation deny: docker.io', image, count: 1 }),
      expect.objectContaining({ outcome: 'let_through', rule, image: 'ghcr.io', count: 1 }),
    ]);
  });

  it('come with what was allowed where all is asked for', async () => {
    const { items } = await counted([entry(), entry(ALLOWED), entry(ALLOWED)], { all: true });
    expect(items).toMatchObject([
      { outcome: 'allowed', image: 'quay.io', count: 2 },
      { outcome: 'refused', count: 1 },
    ]);
  });

  it('are those of the last seven days, if nothing is said', async () => {
    const week = [entry({ at: NOW - 7 * DAY }), entry({ at: NOW - 7 * DAY - 1 }), entry({ at: NOW - 8 * DAY })];
    expect(await counted(week)).toMatchObject({
      since: NOW - 7 * DAY,
      from: NOW - 7 * DAY,
      to: NOW - 7 * DAY,
      decisions: 1,
    });
    expect(await counted(week, { since: NOW - 8 * DAY })).toMatchObject({ decisions: 3, from: NOW - 8 * DAY });
  });

  it('are none, of no time, where nothing was decided', async () => {
    expect(await counted([])).toEqual({
      since: NOW - 7 * DAY,
      from: undefined,
      to: undefined,
      decisions: 0,
      items: [],
    });
  });

  it('name a hundred agents at most, and say that there were more', async () => {
    const by = (count: number) => Array.from({ length: count }, (_, index) => entry({ agentId: `agent-${index}` }));
    const [hundred] = (await counted(by(100))).items;
    expect(hundred?.agents).toHaveLength(100);
    expect(hundred?.moreAgents).toBe(false);
    const [more] = (await counted(by(101))).items;
    expect(more?.agents).toHaveLength(100);
    expect(more?.moreAgents).toBe(true);
  });
});

describe('a long record', () => {
  const many = (count: number, fields: (index: number) => Partial<DecisionEntry> = () => ({})) =>
    Array.from({ length: count }, (_, index) => entry({ at: NOW - index, ...fields(index) }));

  async function stretches(entries: readonly DecisionEntry[]) {
    const found = [await counted(entries)];
    for (let cursor = found[0]?.cursor; cursor !== undefined; cursor = found.at(-1)?.cursor) {
      found.push(await counted(entries, { cursor }));
    }
    return found;
  }

  it('is counted in stretches that add up', async () => {
    const found = await stretches(many(12_345));
    expect(found.map(({ decisions }) => decisions)).toEqual([5_000, 5_000, 2_345]);
    expect(found.map(({ items }) => items[0]?.count)).toEqual([5_000, 5_000, 2_345]);
    expect(found.map(({ from, to }) => [from, to])).toEqual([
      [NOW - 4_999, NOW],
      [NOW - 9_999, NOW - 5_000],
      [NOW - 12_344, NOW - 10_000],
    ]);
  });

  it('ends a stretch when there is much to answer', async () => {
    const found = await stretches(many(3_000, (index) => ({ image: `quay.io/team/app:${index}` })));
    expect(found.map(({ items }) => items.length)).toEqual([1_000, 1_000, 1_000]);
  });

  it('ends a stretch when time is up, with what it has', async () => {
    const { decisions, cursor } = await counted(many(5_000), {}, 4_000);
    expect({ decisions, cursor }).toEqual({ decisions: 1_000, cursor: '1000' });
  });

  it('has no further stretch behind what is too old', async () => {
    const old = many(4_000, () => ({ at: NOW - 8 * DAY }));
    // Time is up soon, so that to look at all that is old would take a further call.
    const { decisions, cursor } = await counted([...many(400), ...old], {}, 4_000);
    expect({ decisions, cursor }).toEqual({ decisions: 400, cursor: undefined });
  });
});

it.each<[string, Partial<RefusalsRequest>, string]>([
  ['a bad environment', { environment: 'Prod' }, 'environment'],
  ['a since in the future', { since: NOW + 1 }, 'since'],
])('is refused with %s', async (_name, request, field) => {
  const outcome = await refusals({ environment: 'prod', all: false, ...request }, deps([]));
  expect(outcome).toMatchObject({ ok: false, failure: { kind: 'invalid_input', field } });
});

it('hands on that a cursor is none of the list', async () => {
  expect(await refusals({ environment: 'prod', all: false, cursor: 'x' }, deps([]))).toBe('bad_cursor');
});
