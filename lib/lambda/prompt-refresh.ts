/**
 * After a rejection: the function that refreshes such registries is told to look now. If that fails it is only reported, since
 * the schedule has it look within a minute anyway.
 */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Report } from '../service/events.ts';
import type { RejectionDeps } from '../service/rejections.ts';
import { REFRESH_EVENT } from './refresh-event.ts';

export interface PromptRefresh {
  readonly client: LambdaClient;
  /** By source kind. */
  readonly functionNames: ReadonlyMap<string, string>;
  readonly now: () => number;
  readonly report: Report;
}

type RejectionCatalogue = RejectionDeps['catalogue'];

/** The same catalogue, where a rejection that makes a registry due now also starts its refresher. */
export function promptingRefresh(catalogue: RejectionCatalogue, prompt: PromptRefresh): RejectionCatalogue {
  return {
    getRegistry: (id) => catalogue.getRegistry(id),
    reportRejection: async (rejection) => {
      const outcome = await catalogue.reportRejection(rejection);
      // A credential that is younger than a minute is due when it is a minute old: that is the schedule's.
      if (outcome === 'scheduled' && rejection.now <= prompt.now()) {
        await startRefresher(rejection.registryId, catalogue, prompt);
      }
      return outcome;
    },
  };
}

async function startRefresher(registryId: string, catalogue: RejectionCatalogue, prompt: PromptRefresh): Promise<void> {
  try {
    const registry = await catalogue.getRegistry(registryId);
    const functionName = prompt.functionNames.get(registry?.source.kind ?? '');
    if (functionName === undefined) return;
    const Payload = new TextEncoder().encode(JSON.stringify(REFRESH_EVENT));
    await prompt.client.send(new InvokeCommand({ FunctionName: functionName, InvocationType: 'Event', Payload }));
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'unknown';
    prompt.report({ level: 'warn', code: 'rejection.not_prompted', fields: { registryId, reason } });
  }
}
