/** An exception's end holds at once, although what the catalogue says and what follows from it are kept for a while. */
import { beforeEach, describe, expect, it } from 'vitest';
import { explain, type ExplainDeps } from '../../lib/service/explain.ts';
import { cachedResolveViews } from '../../lib/service/resolve-view.ts';
import { policy } from '../domain/parsed.ts';
import { principalAgent } from '../stores/contract/entries.ts';

const UNTIL = Date.parse('2026-12-01T00:00:00Z');
const clock = { now: 0 };
let reads: number;
let deps: ExplainDeps;

beforeEach(() => {
  reads = 0;
  clock.now = UNTIL - 1_000;
  const exceptions = [
    { entry: 'quay.io/a', reason: 'moves', until: new Date(UNTIL).toISOString() },
    { entry: 'quay.io/b', reason: 'moves', until: new Date(UNTIL + 400).toISOString() },
  ];
  const document = policy({ whitelist: ['ghcr.io'], exceptions });
  const readForResolve = async () => {
    reads += 1;
    const environmentPolicy = { document, revision: 1, updatedAt: 0 };
    return { agents: [principalAgent()], organisationPolicy: undefined, environmentPolicy, registries: [] };
  };
  const now = () => clock.now;
  deps = { now, ecrUpstreamHosts: [], views: cachedResolveViews({ readForResolve }, { ttlMilliseconds: 2_000, now }) };
});

async function ruleFor(image: string) {
  const caller = { kind: 'principal', arn: 'arn:aws:sts::123456789012:assumed-role/node-1/i-0' } as const;
  const explained = await explain({ caller, environment: 'prod', image }, deps);
  if (!explained.ok) throw new Error(explained.failure.kind);
  return explained.value.decision;
}

describe('an image that is asked for again and again', () => {
  it('is refused from the very end of its exception, and each exception has its own', async () => {
    expect(await ruleFor('quay.io/a/app')).toMatchObject({ allowed: true });
    expect(await ruleFor('quay.io/b/app')).toMatchObject({ allowed: true });
    clock.now = UNTIL - 1;
    expect(await ruleFor('quay.io/a/app')).toMatchObject({ allowed: true });
    clock.now = UNTIL;
    expect(await ruleFor('quay.io/a/app')).toMatchObject({ allowed: false, rule: 'not in the environment whitelist' });
    expect(await ruleFor('quay.io/b/app')).toMatchObject({ allowed: true });
    clock.now = UNTIL + 400;
    expect(await ruleFor('quay.io/b/app')).toMatchObject({ allowed: false });
    // All of that from one answer of the catalogue.
    expect(reads).toBe(1);
  });
});
