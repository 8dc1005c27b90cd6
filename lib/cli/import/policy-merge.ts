/** A policy as it is and a policy of a file into the one that would hold: exactly the file's, or both put together. */
import type { Finding, WantedException, WantedPolicy } from '../../formats/import/wanted.ts';
import type { PresentPolicy } from './present.ts';

export interface PolicyFields {
  readonly whitelist: readonly string[] | null;
  readonly deny: readonly string[];
  readonly alwaysAllow?: readonly string[] | undefined;
  readonly exceptions?: readonly PresentException[] | undefined;
  readonly defaultRegistry: string | null;
  readonly mode: string | null;
}
type PresentException = NonNullable<PresentPolicy['exceptions']>[number];

export interface Merged {
  readonly fields: PolicyFields;
  readonly findings: readonly Finding[];
}

/** Nothing that came with a newer Pullpass and that this command does not know may be lost: the PUT is of the whole policy. */
export function presentFields({ revision: _count, ...fields }: PresentPolicy): PolicyFields & Record<string, unknown> {
  const { environment: _whose, updatedAt: _when, ...policy } = fields;
  return policy;
}

export function mergePolicy(present: PresentPolicy, wanted: WantedPolicy, now: number): Merged {
  const before = presentFields(present);
  const merge = wanted.says === 'everything' ? exactly : united;
  const chosen = defaultOf(before, wanted);
  const exceptions = exceptionsOf(before.exceptions ?? [], wanted, now);
  const fields = {
    ...before,
    ...(wanted.whitelist === undefined ? {} : { whitelist: whitelistOf(before.whitelist, wanted) }),
    ...(wanted.deny === undefined ? {} : { deny: merge(before.deny, wanted.deny) }),
    ...(wanted.alwaysAllow === undefined ? {} : { alwaysAllow: merge(before.alwaysAllow ?? [], wanted.alwaysAllow) }),
    ...(exceptions === undefined ? {} : { exceptions: exceptions.kept }),
    ...(chosen.defaultRegistry === undefined ? {} : { defaultRegistry: chosen.defaultRegistry }),
    ...(wanted.mode === undefined ? {} : { mode: wanted.mode }),
  };
  return { fields, findings: [...chosen.findings, ...(exceptions?.findings ?? [])] };
}

/** The order of entries means nothing: a list that has the same ones stays as it is. */
function exactly(present: readonly string[], wanted: readonly string[]): readonly string[] {
  const same = present.length === wanted.length && wanted.every((entry) => present.includes(entry));
  return same ? present : wanted;
}

function united(present: readonly string[], wanted: readonly string[]): readonly string[] {
  return [...new Set([...present, ...wanted])];
}

function whitelistOf(
  present: readonly string[] | null,
  { whitelist = null, says }: WantedPolicy,
): readonly string[] | null {
  if (whitelist === null || present === null) return whitelist;
  return says === 'everything' ? exactly(present, whitelist) : united(present, whitelist);
}

function defaultOf(
  { defaultRegistry: present }: PolicyFields,
  { place, defaultRegistry, otherDefault }: WantedPolicy,
): { readonly defaultRegistry?: string | null; readonly findings: readonly Finding[] } {
  if (defaultRegistry === undefined || defaultRegistry === present) return { findings: [] };
  if (present === null || otherDefault === 'set') return { defaultRegistry, findings: [] };
  const finding = {
    place,
    what: `has the default registry ${String(defaultRegistry)}; the policy has ${present}, which stays`,
    advice: `to have it instead: pullpass policy default ${String(defaultRegistry)}`,
  };
  return { findings: [finding] };
}

/** One that has ended does nothing and could not be set: it comes over only as what is there already. */
function exceptionsOf(
  present: readonly PresentException[],
  { exceptions, place }: WantedPolicy,
  now: number,
): { readonly kept: readonly PresentException[]; readonly findings: readonly Finding[] } | undefined {
  if (exceptions === undefined) return undefined;
  const isThere = ({ entry, until }: WantedException): boolean =>
    present.some((other) => other.entry === entry && Date.parse(other.until) === until);
  const ended = exceptions.filter((exception) => exception.until <= now && !isThere(exception));
  const wanted = exceptions
    .filter((exception) => !ended.includes(exception))
    .map(({ entry, reason, until }) => ({ entry, reason, until: new Date(until).toISOString() }));
  const findings = ended.map(({ entry }) => ({ place, what: `has an exception for ${entry} that has ended` }));
  return { kept: isSameExceptions(present, wanted) ? present : wanted, findings };
}

function isSameExceptions(some: readonly PresentException[], others: readonly PresentException[]): boolean {
  const texts = others.map(textOf);
  return some.length === others.length && some.every((exception) => texts.includes(textOf(exception)));
}

function textOf({ entry, reason, until }: PresentException): string {
  return JSON.stringify([entry, reason, Date.parse(until)]);
}
