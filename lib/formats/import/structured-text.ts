/**
 * JSON, TOML and YAML into plain values. What the parsers say is never handed on: their messages quote the file, and in it
 * are secrets. Only the line is.
 */
import { parse as parseTomlText, TomlError } from 'smol-toml';
import { parseAllDocuments } from 'yaml';
import { failure, success, type Result } from '../../domain/result.ts';
import type { Unreadable } from './wanted.ts';

export function parseJson(text: string): Result<unknown, Unreadable> {
  try {
    const value: unknown = JSON.parse(text);
    return success(value);
  } catch {
    return failure({ what: 'it is not valid JSON' });
  }
}

export function parseToml(text: string): Result<unknown, Unreadable> {
  try {
    return success(parseTomlText(text));
  } catch (error) {
    const line = error instanceof TomlError ? ` (line ${error.line})` : '';
    return failure({ what: `it is not valid TOML${line}` });
  }
}

const LONGEST_YAML = 2 * 1024 * 1024;

/**
 * Every document of a YAML text; JSON is YAML, too. All scalars stay the texts they are: base64 of digits only is no number.
 * Aliases are refused: nothing that is imported has any, and nested ones grow beyond all bounds. Nor is a long text taken:
 * its tree takes a hundred times as much memory, which JSON does not. Keys that stand twice are let pass, since looking for
 * them takes time by the square of their number. What is nested without end is refused before it is parsed.
 */
export function parseYaml(text: string): Result<readonly unknown[], Unreadable> {
  if (text.length > LONGEST_YAML) {
    return failure({ what: 'it is YAML of more than 2 MiB', advice: 'export it as JSON: kubectl get secret -o json' });
  }
  if (isDeep(text)) return failure({ what: 'it is YAML that is nested too deeply' });
  try {
    const options = { schema: 'failsafe', logLevel: 'silent', prettyErrors: false, uniqueKeys: false } as const;
    const documents = parseAllDocuments(text, options);
    const values: unknown[] = [];
    for (const document of documents) {
      const [error] = document.errors;
      if (error !== undefined) return failure({ what: `it is not valid YAML (line ${lineAt(text, error.pos[0])})` });
      values.push(document.toJS({ maxAliasCount: 0 }));
    }
    return success(values);
  } catch {
    return failure({ what: 'it is not YAML that can be read here: it has aliases, or is nested too deeply' });
  }
}

const DEEPEST_YAML = 500;
/** Lists or maps that begin in one line, each within the one before. Matched as a whole run, so that none is read twice. */
const NESTED_IN_LINE = /(?:[-?:][ \t]+)+/g;

/** By its brackets, wherever they stand: a parser takes gigabytes for a million of them that are never closed. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > DEEPEST_YAML) return true;
  }
  for (const [run] of text.matchAll(NESTED_IN_LINE)) {
    if (run.length > DEEPEST_YAML && run.replaceAll(/[ \t]/g, '').length > DEEPEST_YAML) return true;
  }
  return false;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** An object's own members, in their order; undefined for anything else. `__proto__` is a member like any other. */
export function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}

/**
 * The fields of these names that are there, as Go reads them into a struct: whatever their case, the last one of a name, and
 * null as if it were not there.
 */
export function fieldsOf<Name extends string>(
  value: unknown,
  names: readonly Name[],
): ReadonlyMap<Name, unknown> | undefined {
  const members = membersOf(value);
  if (members === undefined) return undefined;
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  const fields = new Map<Name, unknown>();
  for (const [key, member] of members) {
    const name = known.get(key.toLowerCase());
    if (name !== undefined && member !== null) fields.set(name, member);
  }
  return fields;
}

export function itemsOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? Array.from<unknown>(value) : undefined;
}
