/** A request's body as JSON, read strictly: a name that is given twice is refused, since readers differ on which one counts. */
import { isPlainName } from '../domain/parse-document.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { BadRequest } from './problem.ts';

export function parseJson(body: string): Result<unknown, BadRequest> {
  try {
    const document: unknown = JSON.parse(body);
    const twice = nameGivenTwice(body);
    return twice === undefined ? success(document) : badJson(duplicateReason(twice));
  } catch {
    // The parser's message quotes the body, which may be a mistyped secret.
    return badJson('the body must be one JSON document');
  }
}

function badJson(reason: string): Result<never, BadRequest> {
  return failure({ kind: 'bad_request', code: 'bad_json', reason });
}

/** What does not look like a name may be a secret that was typed in the wrong place. */
function duplicateReason(name: string): string {
  const shown = isPlainName(name) ? `gives "${name}" twice` : 'gives a name twice';
  return `the body ${shown} in one object: leave one of the two away`;
}

/** In a document that is known to be JSON all else can be passed over. A text with a colon behind it is a name. */
const NAMES_AND_BRACES = /"(?<name>[^"\\]*(?:\\.[^"\\]*)*)"\s*(?<colon>:)?|[{}]/g;

function nameGivenTwice(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const { 0: found, groups = {} } of json.matchAll(NAMES_AND_BRACES)) {
    if (found === '{') open.push(new Set());
    else if (found === '}') open.pop();
    else if (groups['colon'] !== undefined) {
      const name = unescaped(groups['name'] ?? '');
      const names = open.at(-1);
      if (names?.has(name) === true) return name;
      names?.add(name);
    }
  }
  return undefined;
}

function unescaped(name: string): string {
  return name.includes('\\') ? String(JSON.parse(`"${name}"`)) : name;
}
