/** How this project's own app deploys Pullpass, by stage. Change what is here, or add a stage of your own. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { PullpassStage } from './pullpass-stack.ts';

/** To try it out: nothing of it is left when it is removed, but for secrets in their recovery time. */
export const dev: PullpassStage = {
  installation: 'dev',
  removalPolicy: RemovalPolicy.DESTROY,
  logRetention: RetentionDays.ONE_WEEK,
  decisionDays: 7,
};

/** Data, key and logs outlive the stack. */
export const prod: PullpassStage = {
  installation: 'prod',
  removalPolicy: RemovalPolicy.RETAIN,
  logRetention: RetentionDays.ONE_YEAR,
  decisionDays: 90,
  secretRecoveryDays: 30,
};

const STAGES: ReadonlyMap<string, PullpassStage> = new Map(Object.entries({ dev, prod }));

export function stageNamed(name: string): PullpassStage {
  const stage = STAGES.get(name);
  if (stage !== undefined) return stage;
  throw new Error(`There is no stage "${name}": lib/infra/stages.ts has ${[...STAGES.keys()].join(', ')}`);
}
