/**
 * Compares parseImageReference with distribution/reference's ParseNormalizedNamed: over the tables of the unit tests and
 * many thousand generated texts. `node test/reference/run.ts [seed]` repeats a run. Needs Go; without it nothing is compared.
 */
import process from 'node:process';
import fc from 'fast-check';
import { parseImageReference } from '../../lib/domain/image-reference.ts';
import { anyText, imageText, mutatedText } from '../domain/generators.ts';
import { ACCEPTED, HOSTLESS, REFUSED } from '../domain/image-texts.ts';
import { expectedOf, type Expectation } from './expectation.ts';
import { askOracle, goVersion } from './oracle.ts';

const SHOWN_FAILURES = 20;

function textsToCompare(seed: number): readonly string[] {
  return [
    ...ACCEPTED.map(([text]) => text),
    ...REFUSED,
    ...HOSTLESS,
    ...fc.sample(imageText, { numRuns: 15_000, seed }),
    ...fc.sample(mutatedText, { numRuns: 40_000, seed }),
    ...fc.sample(anyText, { numRuns: 15_000, seed }),
  ];
}

/** Like the oracle's answer in form; undefined = refused. */
function ours(text: string): Expectation['reference'] {
  const parsed = parseImageReference(text);
  if (!parsed.ok) return undefined;
  const { registry, repository, tag, digest } = parsed.value;
  return { registry, repository, tag: tag ?? '', digest: digest ?? '' };
}

function show(reference: Expectation['reference']): string {
  return reference === undefined ? 'refused' : JSON.stringify(reference);
}

function compare(seed: number): boolean {
  const texts = textsToCompare(seed);
  const answers = askOracle(texts);
  const differences = new Map<string, number>();
  let passed = 0;
  let failed = 0;
  let accepted = 0;
  for (const [index, text] of texts.entries()) {
    const answer = answers[index];
    if (answer === undefined) throw new Error('an answer is missing');
    const expected = expectedOf(text, answer);
    for (const name of expected.differences) differences.set(name, (differences.get(name) ?? 0) + 1);
    const got = ours(text);
    if (got !== undefined) accepted += 1;
    if (show(got) === show(expected.reference)) {
      passed += 1;
      continue;
    }
    failed += 1;
    if (failed > SHOWN_FAILURES) continue;
    console.log(`DIFFERS ${JSON.stringify(text)}`);
    console.log(`  expected ${show(expected.reference)}, got ${show(got)}`);
  }
  console.log(
    `${texts.length} references, ${accepted} of them accepted, seed ${seed}; known differences that applied:`,
  );
  for (const [name, count] of differences) console.log(`  ${count} times: ${name}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

const go = goVersion();
if (go === undefined) {
  console.log('SKIPPED: the comparison with distribution/reference needs Go, and `go version` does not run here.');
  console.log('0 passed, 0 failed');
} else {
  const seed = Number(process.argv[2] ?? Date.now() % 1_000_000_000);
  console.log(`comparing with github.com/distribution/reference, ${go}`);
  try {
    if (!compare(seed)) process.exitCode = 1;
  } catch (error) {
    console.log(error instanceof Error ? error.message : 'the comparison failed');
    console.log('0 passed, 1 failed');
    process.exitCode = 1;
  }
}
