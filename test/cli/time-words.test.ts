import { expect, it } from 'vitest';
import { durationWords, leftWords, parseLifetime, relativeWords } from '../../lib/cli/time-words.ts';

it.each([
  [0, '0s'],
  [45, '45s'],
  [90, '1m 30s'],
  [3_600, '1h'],
  [18_720, '5h 12m'],
  [86_400 + 59, '1d'],
  [90 * 86_400 - 0.2, '90d'],
  [-120, '2m'],
])('%d seconds are %s', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words);
});

it.each([
  [61, '1m 1s left'],
  [0, 'ran out 0s ago'],
  [-60, 'ran out 1m ago'],
])('with %d seconds left: %s', (seconds, words) => {
  expect(leftWords(seconds)).toBe(words);
});

it('shows a time that it cannot read as it came', () => {
  expect(relativeWords('soon', 0)).toBe('soon');
});

it.each([
  ['90d', 90 * 86_400_000],
  ['12h', 43_200_000],
  ['30m', 1_800_000],
  ['4w', 2_419_200_000],
  ['0d', undefined],
  ['-1d', undefined],
  ['1.5d', undefined],
  ['90', undefined],
  ['90days', undefined],
  ['1d\n', undefined],
])('a lifetime of %j is %s milliseconds', (text, milliseconds) => {
  expect(parseLifetime(text)).toBe(milliseconds);
});
