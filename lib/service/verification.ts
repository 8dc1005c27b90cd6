/**
 * What a login says about a registry, beside what was known before: the one rule for every place that stores a
 * verification, and what is told when a registry drifts. Not its job: logging in (login.ts), and the credential.
 */
import type { ChangeEntry } from '../domain/audit.ts';
import type { Drift, Registry, Verification, VerificationStatus } from '../domain/registry.ts';
import type { LoginCheckOutcome } from '../distribution/login-check.ts';
import type { ServiceEvent } from './events.ts';

type Condition = Drift['from'];

/**
 * A registry that was well and is worse now has drifted, from that moment until it is as well as it was. `accepts_anyone`
 * is worse than verified, since the password proves nothing any more, and better than a failure, since pulls work. That pulling
 * is not proven says something about what was asked, and nothing about the registry.
 */
export function noteVerification(
  previous: Verification | undefined,
  outcome: LoginCheckOutcome,
  now: number,
): Verification {
  const { status, warning } = outcome;
  const next: Verification = { status, at: now, ...(warning === undefined ? {} : { warning }) };
  if (previous === undefined) return next;
  const was = previous.drift ?? { from: conditionOf(previous), at: now };
  return wellness(conditionOf(next)) < wellness(was.from) ? { ...next, drift: was } : next;
}

function conditionOf({ status, warning }: Verification): Condition {
  return warning ?? status;
}

function wellness(condition: Condition): number {
  if (condition === 'verified' || condition === 'pull_not_proven') return 2;
  return condition === 'accepts_anyone' ? 1 : 0;
}

/** The way there and the registry's mood: what may be over by the next try, and says nothing about the credential. */
export function isTransient(status: VerificationStatus): boolean {
  return status === 'dns' || status === 'unreachable' || status === 'timeout' || status === 'rate_limited';
}

export interface DriftNews {
  /** For the audit trail, and so for the registry's history. */
  readonly entry: ChangeEntry;
  readonly event: ServiceEvent;
}

/** Nobody's token: an agent's id is a ULID. */
export const PULLPASS = 'pullpass';

type Known = Pick<Registry, 'id' | 'address' | 'verification'>;

/** Undefined: nothing changed that anybody has to be told. */
export function driftNews(registry: Known, next: Verification): DriftNews | undefined {
  const turn = driftTurn(registry, next);
  if (turn === undefined) return undefined;
  const entry = { type: 'change', at: next.at, actor: PULLPASS, subject: registry.id } as const;
  return {
    entry: { ...entry, action: turn.code, detail: `${turn.from} -> ${turn.to}` },
    event: eventOf(turn, registry),
  };
}

/** Of an edit, whose own entry says it. After one without a login nothing is known, of drift neither. */
export function editedDrift(
  registry: Known,
  next: Verification | undefined,
): { readonly words: string; readonly event: ServiceEvent } | undefined {
  const turn = driftTurn(registry, next);
  if (turn === undefined) return undefined;
  const words = `${turn.code === 'registry.drift' ? 'drift' : 'drift ended'}: ${turn.from} -> ${turn.to}`;
  return { words, event: eventOf(turn, registry) };
}

interface DriftTurn {
  readonly code: 'registry.drift' | 'registry.drift_ended';
  readonly from: Condition;
  readonly to: Condition | 'not verified';
}

function driftTurn({ verification: previous }: Known, next: Verification | undefined): DriftTurn | undefined {
  if (previous === undefined || (previous.drift === undefined) === (next?.drift === undefined)) return undefined;
  const code = next?.drift === undefined ? 'registry.drift_ended' : 'registry.drift';
  return { code, from: conditionOf(previous), to: next === undefined ? 'not verified' : conditionOf(next) };
}

function eventOf({ code, from, to }: DriftTurn, { id, address }: Known): ServiceEvent {
  return { level: code === 'registry.drift' ? 'warn' : 'info', code, fields: { registryId: id, address, from, to } };
}
