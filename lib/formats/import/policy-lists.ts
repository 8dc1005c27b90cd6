/** Entries of policies, one by one through the domain's parser: a bad one is told and does not take the others with it. */
import { parseAddress } from '../../domain/address.ts';
import { parsePolicyEntry, type PolicyList } from '../../domain/policy-entry.ts';
import { faultOfAddress } from './shown.ts';
import type { Finding, WantedPolicy } from './wanted.ts';

export interface ListedText {
  readonly place: string;
  readonly text: unknown;
}

/** Canonical, each once, in the file's order. */
export function readEntries(
  texts: readonly ListedText[],
  list: PolicyList,
  tell: (finding: Finding) => void,
): readonly string[] {
  const entries = new Set<string>();
  for (const { place, text } of texts) {
    if (typeof text !== 'string') {
      tell({ place, what: 'is not a text' });
      continue;
    }
    const entry = parsePolicyEntry(text, list);
    if (entry.ok) entries.add(entry.value.canonical);
    else tell({ place, what: faultOfAddress(text, entry.failure.rule) });
  }
  return [...entries];
}

/** Undefined where it is none, which is told. */
export function readDefaultRegistry({ place, text }: ListedText, tell: (finding: Finding) => void): string | undefined {
  const address = typeof text === 'string' ? parseAddress(text) : undefined;
  if (address?.ok === true) return address.value.canonical;
  const rule = address === undefined ? 'is not a text' : faultOfAddress(String(text), address.failure.rule);
  tell({ place, what: `the default registry ${rule}` });
  return undefined;
}

export function defaultPart(
  defaultRegistry: string | undefined,
  otherDefault: 'keep' | 'set',
): Pick<WantedPolicy, 'defaultRegistry' | 'otherDefault'> {
  return defaultRegistry === undefined ? {} : { defaultRegistry, otherDefault };
}

export function listed(place: string, texts: readonly unknown[]): readonly ListedText[] {
  return texts.map((text, index) => ({ place: `${place}[${index}]`, text }));
}

/** The same for each environment, or for the organisation where none is named. */
export function forEachScope(
  environments: readonly string[],
  part: Omit<WantedPolicy, 'environment'>,
): readonly WantedPolicy[] {
  const scopes = environments.length === 0 ? [undefined] : environments;
  return scopes.map((environment) => ({ ...part, environment }));
}
