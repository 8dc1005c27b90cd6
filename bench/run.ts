/**
 * `npm run bench [-- [--quick] [--json FILE] [NAME…]]`: measures the gates whose names contain one of the given words,
 * all where none is given, and prints one table. See bench/README.md.
 *
 * A missed limit does not fail the run, because a busy machine misses some; a gate that cannot be measured does.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleLoad } from './gates/bundle-load.ts';
import { bundleSize } from './gates/bundle-size.ts';
import { durableWrite } from './gates/durable-write.ts';
import { helper } from './gates/helper.ts';
import { localHttp } from './gates/local-http.ts';
import { memory } from './gates/memory.ts';
import { resolveCalls } from './gates/resolve-calls.ts';
import { resolveCpu } from './gates/resolve-cpu.ts';
import { startTime } from './gates/start-time.ts';
import { sweep } from './gates/sweep.ts';
import type { Finding, Skipped } from './support/finding.ts';
import type { BenchContext } from './support/gate.ts';
import { asJson, asTable } from './support/report.ts';

const GATES = [
  ...[bundleSize, bundleLoad, resolveCalls],
  ...[resolveCpu, localHttp, durableWrite, helper, sweep, memory, startTime],
];

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  allowPositionals: true,
});

const chosen = GATES.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)));
if (chosen.length === 0) {
  console.error(`no such benchmark; there are: ${GATES.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

/** In the project and not in the system's temporary folder, which may lie in memory, where durable writes cost nothing. */
const cache = fileURLToPath(new URL('../.cache/', import.meta.url));
await mkdir(cache, { recursive: true });
const workspace = await mkdtemp(join(cache, 'bench-'));
const context: BenchContext = { quick: values.quick, newDirectory: () => mkdtemp(join(workspace, 'data-')) };

const findings: (Finding | Skipped)[] = [];
try {
  for (const gate of chosen) {
    const startedAt = performance.now();
    findings.push(...(await gate.run(context)));
    console.error(`${gate.name}: measured in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
  console.log(asTable(findings));
  if (values.json !== undefined) await writeFile(values.json, asJson(findings, values.quick));
} finally {
  await rm(workspace, { recursive: true, force: true });
}
