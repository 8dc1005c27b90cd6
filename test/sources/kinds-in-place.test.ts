import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { sourceKinds } from '../../lib/sources/kinds-in-place.ts';
import { findKind } from '../../lib/sources/find-kind.ts';

const kinds = sourceKinds();

const objectSchema = z.looseObject({
  additionalProperties: z.boolean(),
  properties: z.record(z.string(), z.looseObject({ writeOnly: z.optional(z.boolean()) })),
});

describe('the registered kinds', () => {
  it('are found by their name, and nothing else is', () => {
    for (const kind of kinds) expect(findKind(kinds, kind.kind)).toBe(kind);
    expect(kinds.map(({ kind }) => kind)).toEqual(['static', 'ecr', 'google']);
    expect(findKind(kinds, 'toString')).toBeUndefined();
  });

  it.each([
    ['static', ['password']],
    ['ecr', ['secretAccessKey']],
    ['google', ['key']],
  ])('mark what is secret of %s as write-only in the published schema, and take no unknown field', (name, secrets) => {
    const kind = findKind(kinds, name);
    const schema = objectSchema.parse(kind === undefined ? undefined : z.toJSONSchema(kind.inputSchema));
    const writeOnly = Object.entries(schema.properties).filter(([, property]) => property.writeOnly === true);
    expect(writeOnly.map(([field]) => field)).toEqual(secrets);
    expect(schema.additionalProperties).toBe(false);
  });

  it.each(kinds.map((kind) => [kind.kind, kind] as const))(
    '%s knows whether its credentials are made anew',
    (name, kind) => {
      expect(kind.renewable).toBe(name !== 'static');
    },
  );
});
