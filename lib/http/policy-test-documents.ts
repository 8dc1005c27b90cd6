/** What callers get of policy tests and refusals. Times become RFC 3339 UTC; totals are counted here. */
import type { PolicyTestOutcome, TestedImage } from '../service/policy-test.ts';
import type { Refusals } from '../service/refusals.ts';
import { DECISION_CHANGES, type TestedDecision } from '../service/tested-decision.ts';

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
    present: decisionDocument(present),
    proposed: proposed === undefined ? null : decisionDocument(proposed),
    change: change ?? null,
  };
}

function decisionDocument({ reference, fault, decision }: TestedDecision): Document {
  return { reference: reference ?? null, fault: fault ?? null, ...decision };
}

function totalsOf(items: readonly TestedImage[]): Document {
  const proposed = items.flatMap((item) => item.proposed ?? []);
  const changed = (change: string): number => items.filter((item) => item.change === change).length;
  return {
    items: items.length,
    present: decisionTotals(items.map(({ present }) => present)),
    proposed: proposed.length === 0 ? null : decisionTotals(proposed),
    changes:
      proposed.length === 0 ? null : Object.fromEntries(DECISION_CHANGES.map((change) => [change, changed(change)])),
  };
}

function decisionTotals(decisions: readonly TestedDecision[]): Document {
  const refused = decisions.filter(({ decision }) => !decision.allowed).length;
  return {
    allowed: decisions.length - refused,
    refused,
    wouldRefuse: decisions.filter(({ decision }) => decision.wouldRefuse).length,
    notReferences: decisions.filter(({ reference }) => reference === undefined).length,
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
