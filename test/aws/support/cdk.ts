/** The CDK's own command line against an account, with a home and caches of its own. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import * as z from 'zod/mini';
import { runCommand, type Outcome } from '../../clients/support/run.ts';
import type { Workspace } from '../../clients/support/workspace.ts';
import type { Account } from './account.ts';
import { ACCOUNT_ID, REGION } from './deployment-names.ts';
import { nodeFolder, PROJECT_FOLDER } from './machine.ts';

const CDK = join(PROJECT_FOLDER, 'node_modules/aws-cdk/bin/cdk');
const LIMIT_MS = 150_000;
const OUTPUTS = z.record(z.string(), z.record(z.string(), z.string()));

export interface CdkApp {
  /** The stack's name. */
  readonly stack: string;
  /** The file that node runs. */
  readonly file: string;
  /** What the app reads by `tryGetContext`. */
  readonly context: Readonly<Record<string, string>>;
}

export interface Cdk {
  bootstrap(): Promise<void>;
  /** The stack's outputs, by name. Throws with what was said when it fails. */
  deploy(app: CdkApp): Promise<Readonly<Record<string, string>>>;
  destroy(app: CdkApp): Promise<Outcome>;
}

export function cdkFor(workspace: Workspace, account: Account): Cdk {
  const run = async (parameters: readonly string[]): Promise<Outcome> => {
    const outcome = await runCommand(workspace, {
      name: `cdk-${parameters[0] ?? ''}`,
      command: process.execPath,
      parameters: [CDK, ...parameters, '--output', workspace.path('cdk', 'out'), '--ci', '--no-notices'],
      environment: {
        ...account.environment,
        PATH: `${nodeFolder()}:/usr/bin:/bin`,
        // The command line looks for proxies and authorities of its own.
        AWS_CA_BUNDLE: account.authorityFile,
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        TMPDIR: dirname(workspace.path('cdk', 'tmp', 'any')),
      },
      cwd: PROJECT_FOLDER,
      limitMs: LIMIT_MS,
    });
    if (outcome.exitCode !== 0) {
      throw new Error(`cdk ${parameters[0] ?? ''} failed:\n${(outcome.stdout + outcome.stderr).slice(-6000)}`);
    }
    return outcome;
  };
  const appOptions = ({ file, context }: CdkApp): readonly string[] => [
    ...['--app', `${process.execPath} ${file}`],
    ...Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]),
  ];
  return {
    bootstrap: async () => {
      // Run without an app: nothing is synthesised for it.
      await run(['bootstrap', `aws://${ACCOUNT_ID}/${REGION}`, '--app', '']);
    },
    deploy: async (app) => {
      const file = workspace.path('cdk', 'outputs.json');
      await run(['deploy', app.stack, ...appOptions(app), '--require-approval', 'never', '--outputs-file', file]);
      return OUTPUTS.parse(JSON.parse(readFileSync(file, 'utf8')))[app.stack] ?? {};
    },
    destroy: (app) => run(['destroy', app.stack, ...appOptions(app), '--force']),
  };
}
