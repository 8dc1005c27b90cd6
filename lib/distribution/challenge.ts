/**
 * WWW-Authenticate by the grammar of RFC 9110, section 11.6.1: several challenges in one line and several lines, either
 * form of value, names of any case. Two mistakes are read as clients read them: where a comma is missing behind a quoted
 * value the line ends, and of a name given twice the last one holds (whatever came of it, the realm has to be trusted,
 * token-realm.ts). Any other line that breaks the grammar yields nothing: guessing where a realm ends decides where a
 * password goes. The parsers on offer take one challenge a line or guess, so this is our own.
 */

export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const SEPARATOR = /[ \t]*(?:,[ \t]*)+|[ \t]+$/y;
const SCHEME = /([!#$%&'*+.^_`|~\w-]+)(?:[ \t]+|(?=,)|$)/y;
const TOKEN68 = /[\w.~+/-]+=*(?=[ \t]*(?:,|$))/y;
const PARAMETER =
  /([!#$%&'*+.^_`|~\w-]+)[ \t]*=[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)")(?=[ \t]*(?:,|$)|(?<=")[ \t]+)/y;

/** Challenges of every well-formed line, in the order sent. */
export function parseChallenges(lines: readonly string[]): readonly Challenge[] {
  return lines.flatMap((line) => parseLine(line) ?? []);
}

/** Reads on from where the last read ended. */
interface Cursor {
  readonly text: string;
  at: number;
}

function parseLine(text: string): readonly Challenge[] | undefined {
  const cursor: Cursor = { text: text.trim(), at: 0 };
  const challenges: Challenge[] = [];
  read(cursor, SEPARATOR);
  while (cursor.at < cursor.text.length) {
    const scheme = read(cursor, SCHEME)?.[1];
    if (scheme === undefined) return undefined;
    const parameters = parseParameters(cursor);
    if (parameters === undefined) return undefined;
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
  return challenges;
}

/** Undefined where the grammar is broken. */
function parseParameters(cursor: Cursor): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (;;) {
    const parameter = read(cursor, PARAMETER);
    if (parameter === undefined) break;
    const [, name = '', token, quoted = ''] = parameter;
    parameters.set(name.toLowerCase(), token ?? quoted.replaceAll(/\\(.)/g, '$1'));
    if (read(cursor, SEPARATOR) !== undefined) continue;
    // At the end, or where a comma is missing: clients stop there, too.
    cursor.at = cursor.text.length;
    return parameters;
  }
  if (parameters.size > 0 || endOf(cursor)) return parameters;
  if (read(cursor, SEPARATOR) !== undefined) return parameters;
  if (read(cursor, TOKEN68) === undefined) return undefined;
  return read(cursor, SEPARATOR) !== undefined || endOf(cursor) ? parameters : undefined;
}

function endOf(cursor: Cursor): boolean {
  return cursor.at === cursor.text.length;
}

function read(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found === null) return undefined;
  cursor.at = pattern.lastIndex;
  return found;
}
