/** Asks an evaluator of IAM policies what a deployed function's role may do. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { Deployed } from './cloudformation.ts';
import { ACCOUNT, FUNCTIONS } from './synthesise.ts';

export type Context = Readonly<Record<string, string | string[]>>;

export interface Request {
  readonly by: keyof typeof FUNCTIONS;
  readonly action: string;
  readonly resource: string;
  readonly context?: Context;
  /** Where the other side has to agree. */
  readonly resourcePolicy?: unknown;
  /** Of the resource, where it is not our own. */
  readonly account?: string;
}

export async function permitted(deployed: Deployed, request: Request): Promise<boolean> {
  const role = `arn:aws:iam::${ACCOUNT}:role/${request.by}`;
  const answer = await runSimulation(
    {
      request: {
        principal: role,
        action: request.action,
        resource: { resource: request.resource, accountId: request.account ?? ACCOUNT },
        contextVariables: { ...request.context },
      },
      identityPolicies: policiesOf(deployed, request.by),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(request.resourcePolicy === undefined ? {} : { resourcePolicy: request.resourcePolicy }),
    },
    {},
  );
  // A question that the evaluator cannot ask must not count as a refusal.
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors));
  const ignored = answer.resultType === 'single' ? (answer.result.ignoredContextKeys ?? []) : [];
  if (ignored.length > 0) throw new Error(`${request.action} knows nothing of ${ignored.join(', ')}`);
  return answer.overallResult === 'Allowed';
}

export function policiesOf(deployed: Deployed, by: Request['by']): { name: string; policy: unknown }[] {
  const { id } = deployed.one('AWS::IAM::Role', `${FUNCTIONS[by]}Role`);
  return [...deployed.ofType('AWS::IAM::Policy')]
    .filter(([, { Roles }]) => Array.isArray(Roles) && Roles.includes(id))
    .map(([name, { PolicyDocument }]) => ({ name, policy: PolicyDocument }));
}
