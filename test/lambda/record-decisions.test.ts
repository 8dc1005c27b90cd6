import { describe, expect, it } from 'vitest';
import type { DecisionEntry } from '../../lib/domain/audit.ts';
import { recordDecisions, type LoggedDecision } from '../../lib/lambda/record-decisions.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { capturedLog } from '../support/captured-log.ts';
import { logsEvent } from '../support/functions-in-process.ts';

const DECISION: DecisionEntry = {
  type: 'decision',
  at: 1_767_225_600_000,
  environment: 'prod',
  agentId: '0123456789abcdef',
  principal: 'arn:aws:sts::1:assumed-role/x/y',
  image: 'registry.example.com/app:1',
  outcome: 'released',
  rule: 'whitelist[0]',
  mode: 'enforce',
  wouldRefuse: false,
  registryId: 'registry-1',
  version: 'version-1',
};

async function logged(entry: DecisionEntry): Promise<string> {
  const { log, text } = capturedLog();
  log.begin('request-1');
  await log.record('decision', entry);
  return text();
}

function batch(messages: readonly string[], messageType = 'DATA_MESSAGE'): ReturnType<typeof logsEvent> {
  const logEvents = messages.map((message, index) => ({ id: `event-${index}`, timestamp: 1, message }));
  const about = { owner: '1', logGroup: 'g', logStream: 's', subscriptionFilters: ['f'] };
  return logsEvent({ messageType, ...about, logEvents });
}

async function record(event: unknown, failWith?: Error) {
  const captured = capturedLog();
  const stored: LoggedDecision[] = [];
  await recordDecisions(event, {
    store: async (decisions) => {
      if (failWith !== undefined) await Promise.reject(failWith);
      stored.push(...decisions);
    },
    report: captured.log.report,
  });
  return { stored, captured };
}

describe('decisions from the log', () => {
  it('are stored as they were logged, under the id of their log event', async () => {
    const { registryId: _none, version: _neither, principal: _nor, ...denied } = DECISION;
    const second: DecisionEntry = { ...denied, outcome: 'denied' };
    const { stored } = await record(batch([await logged(DECISION), await logged(second)]));
    expect(stored).toEqual([
      { eventId: 'event-0', entry: DECISION },
      { eventId: 'event-1', entry: second },
    ]);
  });

  it.each<[string, string]>([
    ['is no JSON', 'canary {'],
    ['is another event', '{"event":"http.answer","level":"info"}'],
    ['is half a decision', '{"event":"decision","type":"decision","image":"canary"}'],
    ['has an outcome that there is none of', JSON.stringify({ event: 'decision', ...DECISION, outcome: 'canary' })],
    ['is a list', '["canary"]'],
  ])('are stored where another line %s, which is skipped and counted', async (_name, line) => {
    const { stored, captured } = await record(batch([line, await logged(DECISION)]));
    expect(stored).toEqual([{ eventId: 'event-1', entry: DECISION }]);
    expect(captured.lines()).toMatchObject([{ event: 'decisions.recorded', level: 'warn', recorded: 1, skipped: 1 }]);
    expect(captured.text()).not.toContain('canary');
  });

  it('come from data messages only', async () => {
    const { stored, captured } = await record(batch([await logged(DECISION)], 'CONTROL_MESSAGE'));
    expect(stored).toEqual([]);
    expect(captured.lines()).toMatchObject([{ event: 'decisions.control_message' }]);
  });

  it.each([
    ['the store is out', batch(['{}']), new StoreUnavailable('unprocessed_items')],
    ['the event is none of a log', { canary: 1 }, undefined],
    ['the data is not packed', { awslogs: { data: 'canary' } }, undefined],
  ])('come again when %s', async (_name, event, failWith) => {
    await expect(record(event, failWith)).rejects.toThrow();
  });
});
