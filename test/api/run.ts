/**
 * Asks a running Pullpass some twenty thousand generated questions and holds every answer against its OpenAPI document, with
 * Schemathesis. `node test/api/run.ts [seed]` repeats a run. Nothing gets out: all of it runs in a network namespace that has
 * nothing but loopback. Where that or Python cannot be had it says so loudly; in CI that is a failure.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { prepare } from './prepare.ts';

const prepared = prepare();
if (typeof prepared === 'string') {
  const line = '!'.repeat(100);
  console.error(`${line}\nNOT TESTED against its OpenAPI document. ${prepared}\n${line}`);
  console.log('0 passed, 0 failed');
  if (process.env['CI'] === 'true') process.exitCode = 1;
} else {
  const { isolated, schemathesis } = prepared;
  const seed = process.argv[2] ?? String(Date.now() % 1_000_000_000);
  const [command = '', ...parameters] = isolated;
  const inside = [process.execPath, join(import.meta.dirname, 'inside.ts'), schemathesis, seed];
  const child = spawn(command, [...parameters, ...inside], { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve) => {
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
