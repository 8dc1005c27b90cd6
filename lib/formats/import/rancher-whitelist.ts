/** Rancher 1.x's settings `registry.whitelist` (texts between commas) and `registry.default`. */
import { failure, success } from '../../domain/result.ts';
import { defaultPart, forEachScope, readDefaultRegistry, readEntries } from './policy-lists.ts';
import { NOTHING, type Finding, type ReadFile } from './wanted.ts';

/** What JSON, YAML and TOML are full of, and no mistyped registry. */
const ODD_CHARACTERS = /["'{}=\\\p{Cc}]/u;

export interface RancherOptions {
  /** None: the organisation's policy. */
  readonly environments: readonly string[];
  /** The value of `registry.default`. */
  readonly defaultRegistry?: string | undefined;
}

export function readRancherWhitelist(text: string, { environments, defaultRegistry }: RancherOptions): ReadFile {
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
  };
  const texts = text.split(',').map((entry, index) => ({ place: `entry ${index + 1}`, text: entry.trim() }));
  const given = texts.filter((entry) => entry.text !== '');
  // Of another format nothing is taken, and nothing shown: between two of its commas there may be a secret that looks like a host.
  const odd = given.find(({ text: entry }) => ODD_CHARACTERS.test(entry));
  if (odd !== undefined) {
    return failure({
      what: `it is no list of registries between commas: ${odd.place} has characters that no registry has`,
      advice: 'name the format that it is in by --format, or leave that out',
    });
  }
  const whitelist = readEntries(given, 'whitelist', tell);
  if (given.length === 0) {
    tell({
      place: 'the whitelist',
      what: 'is blank: Rancher allowed every registry, so nothing is restricted here either',
    });
  }
  const registry =
    defaultRegistry === undefined
      ? undefined
      : readDefaultRegistry({ place: 'registry.default', text: defaultRegistry }, tell);
  const part = {
    place: 'the whitelist',
    says: 'entries',
    ...(whitelist.length === 0 ? {} : { whitelist }),
    ...defaultPart(registry, 'set'),
  } as const;
  const isEmpty = whitelist.length === 0 && registry === undefined;
  return success({ ...NOTHING, policies: isEmpty ? [] : forEachScope(environments, part), findings });
}
