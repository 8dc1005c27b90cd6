import { describe, expect, it } from 'vitest';
import type { Verification } from '../../lib/domain/registry.ts';
import { driftNews, noteVerification } from '../../lib/service/verification.ts';
import { canonicalAddress } from '../support/registry-fixture.ts';

const EARLIER = 1_000;
const NOW = 2_000;
const at = EARLIER;

const WELL: Verification = { status: 'verified', at };
const OPEN: Verification = { status: 'verified', warning: 'accepts_anyone', at };
const UNPROVEN: Verification = { status: 'verified', warning: 'pull_not_proven', at };
const REFUSED: Verification = { status: 'unauthorized', at };
const DRIFTED: Verification = { ...REFUSED, drift: { from: 'verified', at: 500 } };
const OPEN_NOW: Verification = { ...OPEN, drift: { from: 'verified', at: 500 } };
const CLOSED_NOW: Verification = { ...REFUSED, drift: { from: 'accepts_anyone', at: 500 } };

const verified = { status: 'verified', advice: '' } as const;
const anyone = { ...verified, warning: 'accepts_anyone' } as const;
const unproven = { ...verified, warning: 'pull_not_proven' } as const;
const refused = { status: 'unauthorized', advice: '' } as const;
const unreachable = { status: 'unreachable', advice: '' } as const;

describe('what a login says, beside what was known before', () => {
  it.each([
    ['nothing, verified', undefined, verified, undefined],
    ['nothing, refused', undefined, refused, undefined],
    ['well, verified', WELL, verified, undefined],
    ['well, refused', WELL, refused, { from: 'verified', at: NOW }],
    ['well, unreachable', WELL, unreachable, { from: 'verified', at: NOW }],
    ['well, open to anybody', WELL, anyone, { from: 'verified', at: NOW }],
    ['refused from the start, unreachable', REFUSED, unreachable, undefined],
    ['refused from the start, verified', REFUSED, verified, undefined],
    ['refused from the start, open to anybody', REFUSED, anyone, undefined],
    ['drifted, still refused', DRIFTED, refused, { from: 'verified', at: 500 }],
    ['drifted, otherwise', DRIFTED, unreachable, { from: 'verified', at: 500 }],
    ['drifted, open to anybody', DRIFTED, anyone, { from: 'verified', at: 500 }],
    ['drifted, well again', DRIFTED, verified, undefined],
    ['drifted to open, refused', OPEN_NOW, refused, { from: 'verified', at: 500 }],
    ['drifted to open, well again', OPEN_NOW, verified, undefined],
    ['well, pulling not proven', WELL, unproven, undefined],
    ['pulling not proven, well', UNPROVEN, verified, undefined],
    ['pulling not proven, refused', UNPROVEN, refused, { from: 'pull_not_proven', at: NOW }],
    ['open from the start, still open', OPEN, anyone, undefined],
    ['open from the start, well', OPEN, verified, undefined],
    ['open from the start, refused', OPEN, refused, { from: 'accepts_anyone', at: NOW }],
    ['drifted from open, open again', CLOSED_NOW, anyone, undefined],
    ['drifted from open, well', CLOSED_NOW, verified, undefined],
  ] as const)('%s: drift', (_name, previous, outcome, drift) => {
    const { advice: _words, ...told } = outcome;
    const expected = { ...told, at: NOW, ...(drift === undefined ? {} : { drift }) };
    expect(noteVerification(previous, outcome, NOW)).toStrictEqual(expected);
  });
});

describe('what is told', () => {
  const registry = (verification: Verification | undefined) => ({
    id: 'registry-1',
    address: canonicalAddress('registry.example.com'),
    ...(verification === undefined ? {} : { verification }),
  });

  it.each([
    [
      'drift that begins',
      WELL,
      { ...REFUSED, drift: { from: 'verified', at: NOW }, at: NOW },
      'warn',
      'registry.drift',
    ],
    ['drift that ends', DRIFTED, { ...WELL, at: NOW }, 'info', 'registry.drift_ended'],
  ] as const)('is %s, to the log and to the audit trail', (_name, previous, next, level, code) => {
    const from = previous.status;
    const to = next.status;
    expect(driftNews(registry(previous), next)).toStrictEqual({
      entry: {
        type: 'change',
        at: NOW,
        actor: 'pullpass',
        action: code,
        subject: 'registry-1',
        detail: `${from} -> ${to}`,
      },
      event: { level, code, fields: { registryId: 'registry-1', address: 'registry.example.com', from, to } },
    });
  });

  it('names a registry that is open now by its warning', () => {
    const next = { ...OPEN_NOW, at: NOW };
    expect(driftNews(registry(WELL), next)?.entry.detail).toBe('verified -> accepts_anyone');
  });

  it.each<[string, Verification | undefined, Verification]>([
    ['it is well as before', WELL, { ...WELL, at: NOW }],
    ['it is as bad as before', DRIFTED, { ...DRIFTED, at: NOW }],
    ['it is bad in another way', DRIFTED, { ...DRIFTED, status: 'dns', at: NOW }],
    ['it never was well', REFUSED, { ...REFUSED, status: 'dns', at: NOW }],
    ['it is well at last', REFUSED, { ...WELL, at: NOW }],
    ['nothing was known of it', undefined, { ...REFUSED, at: NOW }],
  ])('is nothing when %s', (_name, previous, next) => {
    expect(driftNews(registry(previous), next)).toBeUndefined();
  });
});
