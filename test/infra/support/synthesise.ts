/** A stage's stack as CloudFormation gets it, made with placeholders where the functions' bundles belong. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import * as z from 'zod/mini';
import type { FunctionName } from '../../../lib/infra/function-names.ts';
import { PullpassStack, type PullpassStage } from '../../../lib/infra/pullpass-stack.ts';

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z._default(z.record(z.string(), z.unknown()), {}),
  DeletionPolicy: z.optional(z.string()),
  DependsOn: z._default(z.union([z.string(), z.array(z.string())]), []),
});

const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z._default(z.record(z.string(), z.object({ Value: z.unknown() })), {}),
});

export type Resource = z.output<typeof resourceSchema>;
export type CfnTemplate = z.output<typeof templateSchema>;

export const ACCOUNT = '111111111111';
export const REGION = 'eu-central-1';

/** Every function that the stack deploys. */
export const FUNCTIONS: Readonly<Record<FunctionName, string>> = {
  resolve: 'PullpassFunctionsResolve',
  reject: 'PullpassFunctionsReject',
  admin: 'PullpassFunctionsAdmin',
  'refresh-ecr': 'PullpassFunctionsRefreshEcr',
  'mint-google': 'PullpassFunctionsMintGoogle',
  'recheck-static': 'PullpassFunctionsRecheckStatic',
  'record-decisions': 'PullpassFunctionsRecordDecisions',
  'sweep-vault': 'PullpassFunctionsSweepVault',
  'first-admin': 'PullpassFirstAdmin',
};

/** Folders for one test file; `remove` when it ends. */
export class Workbench {
  readonly folder = mkdtempSync(join(tmpdir(), 'pullpass-infra-'));
  readonly bundles = join(this.folder, 'bundles');
  private apps = 0;

  constructor() {
    for (const name of Object.keys(FUNCTIONS)) {
      mkdirSync(join(this.bundles, name), { recursive: true });
      writeFileSync(join(this.bundles, name, 'index.js'), 'exports.handler = async () => {};\n');
    }
  }

  app(): App {
    this.apps += 1;
    // The CDK's own check of templates takes longer than all of our tests: `cdk synth` runs it.
    return new App({ outdir: join(this.folder, `out-${this.apps}`), builtinCloudFormationValidation: false });
  }

  stack(app: App, stage: PullpassStage): PullpassStack {
    const env = { account: ACCOUNT, region: REGION };
    return new PullpassStack(app, 'pullpass', { stage: { bundles: this.bundles, ...stage }, env });
  }

  template(stage: PullpassStage): CfnTemplate {
    const app = this.app();
    return templateOf(app, this.stack(app, stage));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function templateOf(app: App, stack: Stack): CfnTemplate {
  const assembly = app.synth();
  const { templateFullPath } = assembly.getStackArtifact(stack.artifactId);
  return templateSchema.parse(JSON.parse(readFileSync(templateFullPath, 'utf8')));
}
