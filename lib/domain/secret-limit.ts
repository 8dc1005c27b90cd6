/**
 * How long a secret may be. Every vault holds what is let in here; the smallest one takes 65,536 bytes for a secret and all
 * that is kept with it, in JSON, where a quotation mark takes two bytes and a control character six. Half of that is left
 * for the user name and the rest.
 */
export const SECRET_LIMIT_BYTES = 32_768;

export const SECRET_LIMIT_RULE = `at most ${SECRET_LIMIT_BYTES} bytes, where quotation marks, backslashes and line breaks count twice`;

/** Measured as JSON writes it, without the quotation marks around. */
export function isWithinSecretLimit(text: string): boolean {
  return Buffer.byteLength(JSON.stringify(text)) - 2 <= SECRET_LIMIT_BYTES;
}
