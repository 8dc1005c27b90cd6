/** What callers get of policy tests and refusals. Times become RFC 3339 UTC; totals are counted here. */
import type { PolicyTestOutcome, TestedImage } from '../service/policy-test.ts';
import { VERDICT_CHANGES, type Verdict } from '../service/policy-verdicts.ts';
import type { Refusals } from '../service/refusals.ts';

type Document = Readonly<Record<string, unknown>>;

export function policyTestDocument({ environment, at, revisions, items }: PolicyTestOutcome): Document {
  return {
    environment: environment ?? null,
    at: time(at),
    revisions: { organisation: revisions.organisation, environment: revisions.environment ?? null },
    items: items.map(testedDocument),
    totals: totalsOf(items),
  };
}

function testedDocument({ kind, image, present, proposed, change }: TestedImage): Document {
  return {
    kind,
    image,
    present: verdictDocument(present),
    proposed: proposed === undefined ? null : verdictDocument(proposed),
    change: change ?? null,
  };
}

function verdictDocument({ reference, fault, decision }: Verdict): Document {
  return { reference: reference ?? null, fault: fault ?? null, ...decision };
}

function totalsOf(items: readonly TestedImage[]): Document {
  const proposed = items.flatMap((item) => item.proposed ?? []);
  const changed = (change: string): number => items.filter((item) => item.change === change).length;
  return {
    items: items.length,
    present: verdictTotals(items.map(({ present }) => present)),
    proposed: proposed.length === 0 ? null : verdictTotals(proposed),
    changes:
      proposed.length === 0 ? null : Object.fromEntries(VERDICT_CHANGES.map((change) => [change, changed(change)])),
  };
}

function verdictTotals(verdicts: readonly Verdict[]): Document {
  const refused = verdicts.filter(({ decision }) => !decision.allowed).length;
  return {
    allowed: verdicts.length - refused,
    refused,
    wouldRefuse: verdicts.filter(({ decision }) => decision.wouldRefuse).length,
    notReferences: verdicts.filter(({ reference }) => reference === undefined).length,
  };
}

export function refusalsDocument({ since, from, to, decisions, items, cursor }: Refusals): Document {
  return {
    since: time(since),
    from: timeOrNull(from),
    to: timeOrNull(to),
    decisions,
    items: items.map((item) => ({ ...item, firstAt: time(item.firstAt), lastAt: time(item.lastAt) })),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function timeOrNull(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : time(milliseconds);
}
