/**
 * What a command costs when a shell starts it, as clients' processes start helpers: a small shell runs it many times over.
 * Node's own way of starting processes, which costs as much as the command, is measured with an empty loop and taken off.
 */
import { spawn } from 'node:child_process';

/** Runs the command that often, the input files in turn on its standard input. The first one that fails ends it. */
const LOOP = `count=$1 inputs=$2 files=$3
shift 3
i=0
while [ "$i" -lt "$count" ]; do
  "$@" <"$inputs/$((i % files))" >/dev/null || exit 1
  i=$((i + 1))
done`;

export interface CommandLoop {
  readonly command: readonly string[];
  readonly count: number;
  /** A folder with files named 0, 1, … */
  readonly inputs: string;
  readonly inputFiles: number;
  readonly environment: Readonly<Record<string, string>>;
}

export async function millisecondsEach(loop: CommandLoop): Promise<number> {
  const empty = await millisecondsInAll({ ...loop, command: [':'] });
  const full = await millisecondsInAll(loop);
  return (full - empty) / loop.count;
}

async function millisecondsInAll(loop: CommandLoop): Promise<number> {
  const { command, count, inputs, inputFiles, environment } = loop;
  const parameters = ['-c', LOOP, 'loop', String(count), inputs, String(inputFiles), ...command];
  const startedAt = performance.now();
  const shell = spawn('sh', parameters, { env: environment, stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve, reject) => {
    shell.once('error', reject);
    shell.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${command.join(' ')} failed with ${code ?? 'a signal'}`);
  return performance.now() - startedAt;
}
