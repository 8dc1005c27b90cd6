import { describe, expect, it } from 'vitest';
import { sourceFields } from '../../../lib/formats/import/source-fields.ts';
import { sourceKinds } from '../../../lib/sources/kinds-in-place.ts';

describe('every source kind that is in place', () => {
  it.each(sourceKinds().map(({ kind }) => kind))(
    '%s has its row of fields, so that an export of it can be imported',
    (kind) => {
      expect(sourceFields(kind)?.kind).toBe(kind);
    },
  );
});
