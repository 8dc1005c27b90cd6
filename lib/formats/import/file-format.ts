/** Which format a file is in, by what is in it: certain enough to read it so, or undefined, and somebody has to say. */
import { parsePolicyEntry } from '../../domain/policy-entry.ts';
import { isOwnExport } from './own-export.ts';
import { membersOf, parseJson } from './structured-text.ts';
import type { FileFormat } from './wanted.ts';

const KUBERNETES_YAML = /^(?:apiVersion|kind):/m;
/** `[ \t]` and not `\s`, which takes line breaks too: each of many blank lines would be read to the last one. */
const TOML_LINE = /^[ \t]*(?:\[\[?registr|unqualified-search-registries[ \t]*=|short-name-mode[ \t]*=|\[aliases\])/m;

export function recogniseFormat(text: string): FileFormat | undefined {
  const json = parseJson(text);
  if (json.ok) return typeof json.value === 'object' ? jsonFormat(json.value) : undefined;
  if (KUBERNETES_YAML.test(text)) return 'dockerconfigjson';
  if (TOML_LINE.test(text)) return 'registries-conf';
  return isWhitelist(text) ? 'rancher-whitelist' : undefined;
}

function jsonFormat(document: unknown): FileFormat | undefined {
  if (isOwnExport(document)) return 'pullpass';
  const members = membersOf(document);
  if (members === undefined) return undefined;
  if (members.has('kind') || members.has('apiVersion')) return 'dockerconfigjson';
  const entries = [...members.values()].every((value) => membersOf(value)?.has('auth') === true);
  const isConfig = ['auths', 'credHelpers', 'credsStore'].some((key) => members.has(key));
  return isConfig || (entries && members.size > 0) ? 'docker-config' : undefined;
}

/** All of it, so that a file with one secret in a line is not repeated as a list of bad entries. */
function isWhitelist(text: string): boolean {
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.every((entry) => parsePolicyEntry(entry).ok);
}
