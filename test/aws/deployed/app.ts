/** The app that the tests deploy: the project's own stack, told of the test's registries on loopback by context. */
import { App } from 'aws-cdk-lib';
import * as z from 'zod/mini';
import { PullpassStack } from '../../../lib/infra/pullpass-stack.ts';
import { ACCOUNT_ID, ECR, ECR_ROLES, INSTALLATION, REGION, STACK } from '../support/deployment-names.ts';

const CONTEXT = z.object({
  /** Where the bundled functions are. */
  bundles: z.string(),
  trustedTokenUri: z.string(),
  decisionDays: z.optional(z.string()),
});

const app = new App();
const context = CONTEXT.parse(app.node.getAllContext());
new PullpassStack(app, STACK, {
  stage: {
    installation: INSTALLATION,
    bundles: context.bundles,
    allowedNetworks: ['127.0.0.0/8'],
    ecrUpstreamHosts: [ECR],
    trustedTokenUris: [context.trustedTokenUri],
    ecrRolePatterns: [ECR_ROLES],
    alarmEmail: 'nobody@example.com',
    ...(context.decisionDays === undefined ? {} : { decisionDays: Number(context.decisionDays) }),
  },
  env: { account: ACCOUNT_ID, region: REGION },
});
app.synth();
