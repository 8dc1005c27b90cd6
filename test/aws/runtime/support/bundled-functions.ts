/** The functions as they are deployed, in a folder of their own, and execution environments of them that end with a test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunctions } from '../../../../build/bundle.ts';
import { functionEnvironment } from '../../../support/function-environment.ts';
import { startLambda, type LambdaFunction, type LambdaProcess } from './lambda-process.ts';

export interface BundledFunctions {
  /** `endpoint`: where AWS is for it. */
  readonly start: (
    name: string,
    endpoint: string,
    changes?: Partial<Pick<LambdaFunction, 'logFormat'>> & { readonly environment?: Readonly<Record<string, string>> },
  ) => Promise<LambdaProcess>;
  readonly folder: (name: string) => string;
  readonly end: () => Promise<void>;
}

/** What opens the account; it must not turn up anywhere. */
export const ROLE_SECRET = 'canary-role-secret-key-5d1f0c';
export const ROLE_SESSION = 'canary-role-session-token-93ab';

export async function openBundledFunctions(): Promise<BundledFunctions> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-functions-'));
  const started: LambdaProcess[] = [];
  const { functions } = await bundleFunctions(directory);
  const folder = (name: string): string => {
    const found = functions.find((bundle) => bundle.name === name);
    if (found === undefined) throw new Error(`there is no function ${name}`);
    return found.folder;
  };
  return {
    folder,
    start: async (name, endpoint, { environment = {}, ...changes } = {}) => {
      const variables = {
        ...functionEnvironment(name, endpoint),
        AWS_SECRET_ACCESS_KEY: ROLE_SECRET,
        AWS_SESSION_TOKEN: ROLE_SESSION,
        ...environment,
      };
      const running = await startLambda({ name, folder: folder(name), environment: variables, ...changes });
      started.push(running);
      return running;
    },
    end: async () => {
      for (const running of started) await running.end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
