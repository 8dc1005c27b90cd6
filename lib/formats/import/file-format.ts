/** Which format a file is in, by what is in it: certain enough to read it so, or undefined, and somebody has to say. */
import { parsePolicyEntry } from '../../domain/policy-entry.ts';
import { isDockerConfig } from './docker-config.ts';
import { isOwnExport } from './own-export.ts';
import { fieldsOf, membersOf, parseJson } from './structured-text.ts';
import type { FileFormat } from './wanted.ts';

/**
 * By a line that no other format has. Blanks are `[ \t]` and not `\s`, which takes line breaks too: each of many blank lines
 * would be read to the last one.
 */
const TELLING_LINES: readonly (readonly [FileFormat, RegExp])[] = [
  ['dockerconfigjson', /^(?:apiVersion|kind):/m],
  ['registries-yaml', /^(?:mirrors|configs):/m],
  [
    'registries-conf',
    /^[ \t]*(?:\[\[?registr|unqualified-search-registries[ \t]*=|short-name-mode[ \t]*=|\[aliases\])/m,
  ],
  ['hosts-toml', /^[ \t]*(?:server[ \t]*=|\[host\.)/m],
];

export function recogniseFormat(text: string): FileFormat | undefined {
  const json = parseJson(text);
  if (json.ok) return jsonFormat(json.value);
  const [format] = TELLING_LINES.find(([, line]) => line.test(text)) ?? [];
  return format ?? (isWhitelist(text) ? 'rancher-whitelist' : undefined);
}

const TELLING_MEMBERS: readonly (readonly [FileFormat, readonly string[]])[] = [
  ['dockerconfigjson', ['kind', 'apiVersion']],
  ['registries-yaml', ['mirrors', 'configs']],
  ['daemon-json', ['insecure-registries', 'registry-mirrors']],
];

function jsonFormat(document: unknown): FileFormat | undefined {
  if (isOwnExport(document)) return 'pullpass';
  const members = membersOf(document);
  if (members === undefined) return undefined;
  const [format] = TELLING_MEMBERS.find(([, names]) => names.some((name) => members.has(name))) ?? [];
  if (format !== undefined) return format;
  const entries = [...members.values()].every((value) => fieldsOf(value, ['auth'])?.has('auth') === true);
  return isDockerConfig(document) || (entries && members.size > 0) ? 'docker-config' : undefined;
}

/** All of it, so that a file with one secret in a line is not repeated as a list of bad entries. */
function isWhitelist(text: string): boolean {
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.every((entry) => parsePolicyEntry(entry).ok);
}
