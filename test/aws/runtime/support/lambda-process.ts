/**
 * One execution environment of Lambda: a Node process in which AWS's own runtime client runs a bundle, with the variables
 * that Lambda sets and no others. A function whose deadline has passed is killed, as Lambda does it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { BARE_ENVIRONMENT, boundToParent } from '../../../clients/support/processes.ts';
import { nodeFolder } from '../../support/machine.ts';
import { startRuntimeApi, type InitOutcome, type Posted } from './runtime-api.ts';

const RUNTIME_CLIENT = createRequire(import.meta.url).resolve('aws-lambda-ric');
const HOOK = join(import.meta.dirname, 'native-client-hook.ts');

export interface LambdaFunction {
  readonly name: string;
  /** Holds `index.js`. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFormat?: 'JSON' | 'Text';
}

export type InvokeOutcome = Posted | { readonly kind: 'timed_out' } | { readonly kind: 'ended' };

export interface LambdaProcess {
  /** Milliseconds from the start of the process until it asked for its first event or reported that it cannot. */
  readonly initMilliseconds: number;
  readonly init: InitOutcome;
  readonly invoke: (event: unknown, deadlineMilliseconds?: number) => Promise<InvokeOutcome>;
  /** Ends it, if it still runs, and answers all that it wrote. */
  readonly end: () => Promise<Written>;
}

export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}

const INIT_LIMIT_MS = 10_000;

export async function startLambda(options: LambdaFunction): Promise<LambdaProcess> {
  const api = await startRuntimeApi(options.name);
  const startedAt = performance.now();
  const child = spawn(
    ...boundToParent(join(nodeFolder(), 'node'), [
      '--disable-warning=ExperimentalWarning',
      '--import',
      HOOK,
      RUNTIME_CLIENT,
    ]),
    { env: lambdaEnvironment(options, api.address), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = once(child, 'exit');
  const gone = exited.then((): { readonly kind: 'ended' } => ({ kind: 'ended' }));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const end = async (): Promise<Written> => {
    await kill();
    await api.close();
    const [stdout, stderr] = await output;
    return { stdout, stderr };
  };
  const init = await Promise.race([api.initialised, gone, after(INIT_LIMIT_MS)]);
  const initMilliseconds = performance.now() - startedAt;
  if (init.kind === 'ended' || init.kind === 'timed_out') {
    const { stdout, stderr } = await end();
    throw new Error(`${options.name}: ${init.kind} before it was ready\n${stdout}${stderr}`);
  }
  // It ends by itself, and says why.
  if (init.kind === 'init_error') await Promise.race([gone, after(INIT_LIMIT_MS)]);
  return {
    initMilliseconds,
    init,
    invoke: async (event, deadlineMilliseconds = 10_000) => {
      const posted = api.invoke({ event, deadlineMilliseconds });
      const outcome = await Promise.race([posted, gone, after(deadlineMilliseconds)]);
      if (outcome.kind === 'timed_out') await kill();
      return outcome;
    },
    end,
  };
}

async function after(milliseconds: number): Promise<{ readonly kind: 'timed_out' }> {
  return await new Promise((resolve) => {
    setTimeout(resolve, milliseconds, { kind: 'timed_out' }).unref();
  });
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
function lambdaEnvironment(
  { name, folder, environment, logFormat = 'JSON' }: LambdaFunction,
  api: string,
): NodeJS.ProcessEnv {
  return {
    ...BARE_ENVIRONMENT,
    TZ: ':UTC',
    _HANDLER: 'index.handler',
    LAMBDA_TASK_ROOT: folder,
    AWS_LAMBDA_RUNTIME_API: api,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/21/[$LATEST]0',
    AWS_LAMBDA_LOG_FORMAT: logFormat,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    ...environment,
  };
}
