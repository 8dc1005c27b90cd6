/**
 * Base64 as docker, Kubernetes and `base64` write it: the standard alphabet, with padding or without, line breaks let pass.
 * Takes time in proportion to the text, whatever is in it.
 */

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Throws for what is not UTF-8, and takes nothing away: a byte order mark may be a part of a password. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, exactly; undefined where it is not base64, or not the base64 of text. */
export function textFromBase64(encoded: string): string | undefined {
  const compact = withoutLineBreaks(encoded);
  if (!BASE64.test(compact) || !isWhole(compact)) return undefined;
  try {
    return UTF8.decode(Buffer.from(compact, 'base64'));
  } catch {
    return undefined;
  }
}

/** As one line: what `base64` breaks after 76 characters. */
export function withoutLineBreaks(encoded: string): string {
  return encoded.replaceAll(/[\r\n]/g, '');
}

/** Some writers leave the padding out (docker-credential-desktop); a part of it is a text that was cut off. */
function isWhole(compact: string): boolean {
  return compact.includes('=') ? compact.length % 4 === 0 : compact.length % 4 !== 1;
}
