/** Rancher 1.x's settings `registry.whitelist` (texts between commas) and `registry.default`. */
import { success } from '../../domain/result.ts';
import { defaultPart, forEachScope, readDefaultRegistry, readEntries } from './policy-lists.ts';
import { NOTHING, type Finding, type ReadFile } from './wanted.ts';

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
