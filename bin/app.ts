/**
 * The CDK app: bundles the functions, then one stack for the stage that `-c stage=…` names (dev when it names none).
 */
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import * as z from 'zod/mini';
import { bundleFunctions } from '../build/bundle.ts';
import { PullpassStack } from '../lib/infra/pullpass-stack.ts';
import { stageNamed } from '../lib/infra/stages.ts';

await bundleFunctions(fileURLToPath(new URL('../dist/functions', import.meta.url)));

const app = new App();
const name = z._default(z.string(), 'dev').parse(app.node.tryGetContext('stage'));
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
new PullpassStack(app, `pullpass-${name}`, {
  stage: stageNamed(name),
  env: { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) },
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
