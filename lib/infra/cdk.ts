/** What the package exports for other CDK apps, as `pullpass/cdk`. */
export { Pullpass } from './pullpass.ts';
export { PullpassStack, type NetworkByName, type PullpassStage } from './pullpass-stack.ts';
export type { FunctionName } from './function-names.ts';
export type { CustomDomain, Network, PullpassProps, Replica, Throttling } from './settings.ts';
