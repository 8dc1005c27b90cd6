import { describe, expect, it } from 'vitest';
import { functionLog } from '../../lib/lambda/function-log.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import { capturedLog } from '../support/captured-log.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const answered = (fields: NonNullable<ServiceEvent['fields']>): ServiceEvent => ({
  level: 'info',
  code: 'http.answer',
  fields: { method: 'POST', route: '/v1/environments/{environment}/resolve', milliseconds: 3, ...fields },
});

describe("a function's log", () => {
  it('is one JSON object a line, with the id of the request it belongs to', () => {
    const { log, text, lines } = capturedLog(() => NOW);
    log.begin('request-1');
    log.report({ level: 'warn', code: 'refresh.lost', fields: { kind: 'ecr', reason: 'two\nlines' } });
    log.report({ level: 'info', code: 'x' });
    expect(text().split('\n')).toHaveLength(3);
    const about = { time: '2026-01-01T00:00:00.000Z', requestId: 'request-1' };
    expect(lines()).toEqual([
      { event: 'refresh.lost', level: 'warn', ...about, kind: 'ecr', reason: 'two\nlines' },
      { event: 'x', level: 'info', ...about },
    ]);
  });

  it('carries a metric in the embedded format', () => {
    const { log, lines } = capturedLog(() => NOW);
    log.report({ level: 'warn', code: 'refresh.failed', fields: { kind: 'ecr', reason: 'throttled' } });
    expect(lines()).toEqual([
      {
        event: 'refresh.failed',
        level: 'warn',
        time: '2026-01-01T00:00:00.000Z',
        kind: 'ecr',
        reason: 'throttled',
        _aws: {
          Timestamp: NOW,
          CloudWatchMetrics: [
            {
              Namespace: 'Pullpass',
              Dimensions: [
                ['Installation', 'Kind'],
                ['Installation', 'Kind', 'Code'],
              ],
              Metrics: [{ Name: 'RefreshFailures', Unit: 'Count' }],
            },
          ],
        },
        Installation: 'test',
        Kind: 'ecr',
        Code: 'throttled',
        RefreshFailures: 1,
      },
    ]);
  });

  it.each<[string, ServiceEvent, readonly string[]]>([
    [
      'a refresh',
      { level: 'info', code: 'refresh.refreshed', fields: { kind: 'google' } },
      ['Refreshes{Installation=test,Kind=google}'],
    ],
    [
      'a failed refresh, by kind and by code',
      { level: 'warn', code: 'refresh.failed', fields: { kind: 'ecr', reason: 'denied' } },
      ['RefreshFailures{Installation=test,Kind=ecr}', 'RefreshFailures{Installation=test,Kind=ecr,Code=denied}'],
    ],
    ['a release', answered({ status: 200 }), ['Resolves{Installation=test,Outcome=released}']],
    ['a denial', answered({ status: 403, problem: 'denied' }), ['Resolves{Installation=test,Outcome=denied}']],
    [
      "a helper's not found",
      answered({
        status: 404,
        problem: 'no_credential',
        route: '/iam/v1/environments/{environment}/docker-credential',
      }),
      ['Resolves{Installation=test,Outcome=no_credential}'],
    ],
    ['an explanation', answered({ status: 200, route: '/v1/environments/{environment}/explain' }), []],
    ['a call of an administrator', answered({ status: 200, route: '/v1/registries' }), []],
    ['anything else', { level: 'info', code: 'refresh.lost', fields: { kind: 'ecr' } }, []],
  ])('counts %s', (_name, event, expected) => {
    const { log, metrics } = capturedLog();
    log.report(event);
    expect(metrics()).toEqual(Object.fromEntries(expected.map((name) => [name, [1]])));
  });

  it('tells the latency of stores in one line a store and invocation, and no more than the format takes', () => {
    const { log, lines, metrics } = capturedLog();
    log.begin('request-1');
    for (let call = 0; call < 150; call += 1) log.observeStore('catalogue', call);
    log.observeStore('vault', 7.5);
    log.end();
    log.end();
    expect(lines()).toHaveLength(2);
    expect(metrics()['StoreLatency{Installation=test,Store=catalogue}']).toHaveLength(100);
    expect(metrics()['StoreLatency{Installation=test,Store=vault}']).toEqual([7.5]);
  });

  it('says when a record could not be written', async () => {
    const sink = { write: (_text: string, done: (error?: Error) => void) => { done(new Error('EPIPE')); } }; // prettier-ignore
    const log = functionLog({ installation: 'test', sink });
    await expect(log.record('decision', {})).rejects.toThrow('EPIPE');
    expect(() => { log.report({ level: 'info', code: 'x' }); }).not.toThrow(); // prettier-ignore
  });
});
