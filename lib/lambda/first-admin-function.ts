/** The first administrator as a custom resource: which request means what, and what a failure of each may stop. */
import { whereThrown } from '../service/where-thrown.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';
import {
  answerCloudFormation,
  parseCustomResource,
  type CustomResourceOutcome,
  type CustomResourceRequest,
} from './custom-resource.ts';
import { ensureFirstAdmin, firstAdminName, removeFirstAdmin, type FirstAdminDeps } from './first-admin.ts';
import type { FunctionLog } from './function-log.ts';

export interface FirstAdminFunctionDeps extends FirstAdminDeps {
  readonly log: Pick<FunctionLog, 'report'>;
}

export function firstAdminFunction(deps: FirstAdminFunctionDeps): (event: unknown) => Promise<void> {
  return async (event) => {
    const request = parseCustomResource(event);
    if (request === undefined) throw new Error('not a request of CloudFormation');
    const outcome = await outcomeOf(request, deps);
    const { ok, physicalResourceId } = outcome;
    const fields = { request: request.RequestType, resource: physicalResourceId };
    deps.log.report({ level: ok ? 'info' : 'error', code: 'first_admin.answered', fields });
    await answerCloudFormation(request, outcome);
  };
}

async function outcomeOf(request: CustomResourceRequest, deps: FirstAdminFunctionDeps): Promise<CustomResourceOutcome> {
  switch (request.RequestType) {
    case 'Create':
      return await makeAnother(request, firstAdminName(request.RequestId), deps);
    case 'Update': {
      const { ResourceProperties: wanted, OldResourceProperties: former, PhysicalResourceId } = request;
      if (wanted.Generation === former.Generation) return { ok: true, physicalResourceId: PhysicalResourceId };
      return await makeAnother(request, PhysicalResourceId, deps);
    }
    case 'Delete': {
      const { PhysicalResourceId: physicalResourceId } = request;
      const code = await attempt(() => removeFirstAdmin(physicalResourceId, deps), deps);
      // A stack must go away even where its table went first. Anything else may have left a token that still opens.
      if (code === undefined || code === TABLE_IS_GONE) return { ok: true, physicalResourceId };
      return { ok: false, physicalResourceId, reason: `the former administrator could not be removed: ${code}` };
    }
  }
}

/** DynamoDB's name for it. */
const TABLE_IS_GONE = 'ResourceNotFoundException';

/** @param otherwise the physical id where that fails: what CloudFormation goes on with, or deletes. */
async function makeAnother(
  { RequestId }: CustomResourceRequest,
  otherwise: string,
  deps: FirstAdminFunctionDeps,
): Promise<CustomResourceOutcome> {
  const name = firstAdminName(RequestId);
  const code = await attempt(() => ensureFirstAdmin(name, deps), deps);
  if (code === undefined) return { ok: true, physicalResourceId: name };
  await attempt(() => removeFirstAdmin(name, deps), deps);
  return { ok: false, physicalResourceId: otherwise, reason: `the first administrator could not be made: ${code}` };
}

/** @returns undefined, or a code for the stack's events. */
async function attempt(
  work: () => Promise<void>,
  { log }: Pick<FirstAdminFunctionDeps, 'log'>,
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      log.report({ level: 'error', code: 'store.unavailable', fields: { reason: error.code } });
      return error.code;
    }
    log.report({ level: 'error', code: 'function.failed', fields: { ...whereThrown(error) } });
    return 'internal';
  }
}
