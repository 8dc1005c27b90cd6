/** The command line, attached to this process: everything else is in lib/cli. */
import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { EXIT } from './cli/exit-codes.ts';

// In our own tree, never in the shared temporary folder: whoever can write the cache decides what runs. Where this user may
// not write there is no cache, and no error.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/pullpass', import.meta.url)));
const { run } = await import('./cli/run.ts');

// `pullpass registry list | head` ends when the reader has had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

// Stands until the command has ended: somebody who closes the terminal at a prompt has not done what it was for.
process.exitCode = EXIT.interrupted;
void run(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
