/** Documents between versions: what the version before reads, what a later one wrote, what is kept when others rewrite it. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { credentialDocument, registryDocument, documentOf } from '../../lib/stores/registry-document.ts';
import { readDocument, writeDocument, type DocumentKind } from '../../lib/stores/stored-document.ts';
import { fullRegistryFixture, START } from '../support/registry-fixture.ts';

interface Thing {
  readonly name: string;
  readonly part?: { readonly size: number; readonly colour?: string };
  readonly status?: { readonly word: string; readonly at: number };
  readonly expiresOn?: number;
}

/** As a later version of the one below has it. */
const KIND: DocumentKind<Thing> = {
  schema: z.object({
    name: z.string(),
    part: z.exactOptional(z.object({ size: z.number(), colour: z.exactOptional(z.string()) })),
    status: z.exactOptional(z.object({ word: z.string(), at: z.number() })),
    expiresOn: z.exactOptional(z.number()),
  }),
  earlier: { name: true, part: { size: true }, status: { word: ['good', 'bad'], at: true } },
};
/** Knows what the version before it knew, and no more; but tolerates. */
const OLDER: DocumentKind<Pick<Thing, 'name' | 'part'>> = {
  schema: z.object({ name: z.string(), part: z.exactOptional(z.object({ size: z.number() })) }),
  earlier: KIND.earlier,
};

describe('a document', () => {
  it.each<[string, Thing, string, string | undefined]>([
    [
      'of fields that the version before knows is one text',
      { name: 'a', part: { size: 1 } },
      '{"name":"a","part":{"size":1}}',
      undefined,
    ],
    [
      'has its later fields beside it',
      { name: 'a', expiresOn: 5 },
      '{"name":"a"}',
      '{"format":2,"fields":{"expiresOn":5}}',
    ],
    [
      'has later fields of a part beside it',
      { name: 'a', part: { size: 1, colour: 'red' } },
      '{"name":"a","part":{"size":1}}',
      '{"format":2,"fields":{"part":{"colour":"red"}}}',
    ],
    [
      'has a part with a word beside it that the version before does not take',
      { name: 'a', status: { word: 'new', at: 1 } },
      '{"name":"a"}',
      '{"format":2,"fields":{"status":{"word":"new","at":1}}}',
    ],
    [
      'has a part with a word in it that the version before takes',
      { name: 'a', status: { word: 'bad', at: 1 } },
      '{"name":"a","status":{"word":"bad","at":1}}',
      undefined,
    ],
  ])('%s, and reads back as it was', (_name, value, document, later) => {
    const texts = writeDocument(KIND, value);
    expect(texts).toEqual(later === undefined ? { document } : { document, later });
    expect(readDocument(KIND, texts)).toStrictEqual(value);
  });

  it('keeps what an older version does not know when that one rewrites it', () => {
    const newer = writeDocument(KIND, { name: 'a', part: { size: 1, colour: 'red' }, expiresOn: 5 });
    const rewritten = writeDocument(OLDER, { ...readDocument(OLDER, newer), name: 'b' }, newer);
    expect(readDocument(KIND, rewritten)).toStrictEqual({ name: 'b', part: { size: 1, colour: 'red' }, expiresOn: 5 });
  });

  it('keeps the format of the later version that wrote the fields', () => {
    const newer = { document: '{"name":"a"}', later: '{"format":9,"fields":{"shape":"round"}}' };
    const { later } = writeDocument(OLDER, { name: 'b' }, newer);
    expect(later).toBe('{"format":9,"fields":{"shape":"round"}}');
  });

  it('loses the unknown fields of a part that is gone, and what it knows and is gone', () => {
    const newer = writeDocument(KIND, { name: 'a', part: { size: 1, colour: 'red' } });
    expect(readDocument(KIND, writeDocument(OLDER, { name: 'a' }, newer))).not.toHaveProperty('part.size');
    const known = writeDocument(KIND, { name: 'a', expiresOn: 5 });
    expect(readDocument(KIND, writeDocument(KIND, { name: 'a' }, known))).toStrictEqual({ name: 'a' });
  });

  it('takes what the version before has written since over what lies beside it', () => {
    const { later } = writeDocument(KIND, { name: 'a', status: { word: 'new', at: 1 } });
    const since = { document: '{"name":"b","status":{"word":"bad","at":2}}', later };
    expect(readDocument(KIND, since)).toMatchObject({ name: 'b', status: { word: 'bad', at: 2 } });
  });

  it('is written anew over one that cannot be read', () => {
    expect(writeDocument(KIND, { name: 'a' }, { document: '{', later: 'x' })).toEqual({ document: '{"name":"a"}' });
  });

  it.each([
    ['no JSON', { document: '{' }, 'corrupt_row'],
    ['a field of another type', { document: '{"name":1}' }, 'corrupt_row'],
    ['later fields that are none', { document: '{"name":"a"}', later: '[]' }, 'corrupt_row'],
    [
      'a field of another type in a later format',
      { document: '{"name":1}', later: '{"format":9,"fields":{}}' },
      'newer_row',
    ],
  ])('cannot be read as %s', (_name, texts, code) => {
    expect(() => readDocument(KIND, texts)).toThrow(expect.objectContaining({ code }));
  });
});

it('of a registry has nothing beside it that the version before knows', () => {
  const { source: _source, ...fixture } = fullRegistryFixture();
  const registry = { ...fixture, source: { kind: 'static', username: 'u' } };
  // Fields that came later, all of them.
  const { expiresOn, expiryReported } = fixture;
  const { later = '' } = writeDocument(registryDocument, documentOf(registry));
  expect(JSON.parse(later)).toEqual({ format: 2, fields: { expiresOn, expiryReported } });
  const failed = { consecutiveFailures: 1, urgentAt: START, lastError: { code: 'throttled', at: START } } as const;
  expect(writeDocument(credentialDocument, failed).later).toBeUndefined();
});
