/** Builds and asks the Go program in oracle/: what distribution/reference itself says of many image references. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';

const SOURCES = join(import.meta.dirname, 'oracle');
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

const answerSchema = z.object({
  ok: z.boolean(),
  domain: z.string(),
  path: z.string(),
  tag: z.string(),
  digest: z.string(),
});

export type OracleAnswer = z.infer<typeof answerSchema>;

export function goVersion(): string | undefined {
  const { status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** One answer for each text, in the same order. Throws where the program cannot be built or run. */
export function askOracle(texts: readonly string[]): readonly OracleAnswer[] {
  const folder = mkdtempSync(join(tmpdir(), 'reference-oracle-'));
  try {
    const program = join(folder, 'oracle');
    const built = spawnSync('go', ['build', '-o', program, '.'], { cwd: SOURCES, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`go build failed (it fetches two modules once):\n${built.stderr}`);
    const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('');
    const asked = spawnSync(program, { input, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES });
    if (asked.status !== 0) throw new Error(`the oracle failed:\n${asked.stderr}`);
    const answers = asked.stdout.trimEnd().split('\n');
    if (answers.length !== texts.length) throw new Error(`${texts.length} texts, but ${answers.length} answers`);
    return answers.map((line) => answerSchema.parse(JSON.parse(line)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
