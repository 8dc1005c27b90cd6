/** A policy as it is and a policy of a file into the one that would hold: exactly the file's, or both put together. */
import type { Finding, PolicyListName, WantedException, WantedPolicy } from '../../formats/import/wanted.ts';
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
  const deny = isPartly(wanted, 'deny') ? united : merge;
  const chosen = defaultOf(before, wanted);
  const exceptions = exceptionsOf(before.exceptions ?? [], wanted, now);
  const fields = {
    ...before,
    ...(wanted.whitelist === undefined ? {} : { whitelist: whitelistOf(before.whitelist, wanted) }),
    ...(wanted.deny === undefined ? {} : { deny: deny(before.deny, wanted.deny) }),
    ...(wanted.alwaysAllow === undefined ? {} : { alwaysAllow: merge(before.alwaysAllow ?? [], wanted.alwaysAllow) }),
    ...(exceptions === undefined ? {} : { exceptions: exceptions.kept }),
    ...(chosen.defaultRegistry === undefined ? {} : { defaultRegistry: chosen.defaultRegistry }),
    ...(wanted.mode === undefined ? {} : { mode: wanted.mode }),
  };
  const findings = [...chosen.findings, ...(exceptions?.findings ?? []), ...partlyFindings(before, fields, wanted)];
  return { fields, findings };
}

function isPartly({ partly = [] }: WantedPolicy, list: PolicyListName): boolean {
  return partly.includes(list);
}

/**
 * A list that cannot be read as a whole opens nothing: what is denied stays denied, a whitelist stays as it is, and what is
 * only opened is opened as far as it can be read. Said where it makes a difference.
 */
function partlyFindings(before: PolicyFields, after: PolicyFields, wanted: WantedPolicy): readonly Finding[] {
  const finding = (list: PolicyListName, what: string): Finding => ({
    place: `${wanted.place}.${list}`,
    what: `cannot be read as a whole, so ${what}`,
    advice: 'mend it in the file, then import again',
  });
  const kept = before.deny.filter((entry) => wanted.deny?.includes(entry) === false);
  const pins = (before.alwaysAllow ?? []).filter((entry) => after.alwaysAllow?.includes(entry) === false);
  const ends = entriesIn(before).filter((entry) => !entriesIn(after).includes(entry));
  return [
    ...(isPartly(wanted, 'whitelist') && before.whitelist !== null
      ? [finding('whitelist', 'the present one stays')]
      : []),
    ...(isPartly(wanted, 'deny') && kept.length > 0 ? [finding('deny', `${kept.join(', ')} stays denied`)] : []),
    ...(isPartly(wanted, 'alwaysAllow') && pins.length > 0
      ? [finding('alwaysAllow', `${pins.join(', ')} is no longer always allowed, which it may have been meant to be`)]
      : []),
    ...(isPartly(wanted, 'exceptions') && ends.length > 0
      ? [finding('exceptions', `${ends.join(', ')} is no longer excepted, which it may have been meant to be`)]
      : []),
  ];
}

function entriesIn({ exceptions = [] }: PolicyFields): readonly string[] {
  return exceptions.map(({ entry }) => entry);
}

/** The order of entries means nothing: a list that has the same ones stays as it is. */
function exactly(present: readonly string[], wanted: readonly string[]): readonly string[] {
  const same = present.length === wanted.length && wanted.every((entry) => present.includes(entry));
  return same ? present : wanted;
}

function united(present: readonly string[], wanted: readonly string[]): readonly string[] {
  return [...new Set([...present, ...wanted])];
}

function whitelistOf(present: readonly string[] | null, wanted: WantedPolicy): readonly string[] | null {
  const { whitelist = null, says } = wanted;
  if (whitelist === null || present === null) return whitelist;
  if (says === 'everything' && isPartly(wanted, 'whitelist')) return present;
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
  const hasEnded = (exception: WantedException): boolean => exception.until <= now && !isThere(exception);
  const ended = exceptions.filter(hasEnded);
  const wanted = exceptions
    .filter((exception) => !hasEnded(exception))
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
