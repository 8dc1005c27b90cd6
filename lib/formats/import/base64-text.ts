/** Base64 as docker and Kubernetes write it: the standard alphabet, padded, line breaks let pass. */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Throws for what is not UTF-8, and takes nothing away: a byte order mark may be a part of a password. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, exactly; undefined where it is not base64, or not the base64 of text. */
export function textFromBase64(encoded: string): string | undefined {
  const compact = encoded.replaceAll(/[\r\n]/g, '');
  if (!BASE64.test(compact)) return undefined;
  try {
    return UTF8.decode(Buffer.from(compact, 'base64'));
  } catch {
    return undefined;
  }
}
