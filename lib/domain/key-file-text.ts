/**
 * A key file in JSON as people have it: as the vendor made it, behind an editor's byte order mark, or as base64, which CI
 * systems keep it in. Not its job: whose key it is.
 */
import { textFromBase64 } from './base64-text.ts';

const BYTE_ORDER_MARK = '\uFEFF';

/** The object in it; undefined where it is none. */
export function parseKeyFile(text: string): object | undefined {
  const plain = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  return jsonObject(plain) ?? jsonObject(textFromBase64(plain.trim()) ?? '');
}

/** Of the text as it is: nothing is taken away or decoded. */
export function isJsonObject(text: string): boolean {
  return jsonObject(text) !== undefined;
}

function jsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
