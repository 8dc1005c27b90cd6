/**
 * Text from a server on its way to a terminal. A description or user name could hold escape sequences, line breaks or
 * characters that turn the writing direction: what a person reads must be what is there.
 */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** JSON escapes the first 32 itself; these are left, and some terminals act on them. */
const NOT_ESCAPED_BY_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

export function plainText(text: string): string {
  return text.replace(INVISIBLE, '');
}

/** The same document, with everything invisible in it written as an escape. */
export function printableJson(document: unknown): string {
  return JSON.stringify(document, null, 2).replace(NOT_ESCAPED_BY_JSON, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
