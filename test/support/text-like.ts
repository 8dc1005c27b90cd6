/** Vitest's matchers for texts, as values that may stand anywhere in what is expected. */
import { expect } from 'vitest';

export function textWith(part: string): unknown {
  return expect.stringContaining(part);
}

export function textLike(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

export const anyText: unknown = expect.any(String);
