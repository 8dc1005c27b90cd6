import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/domain/registry.ts';
import { selectForHost, selectRegistry } from '../../lib/domain/registry-selection.ts';
import { reference, registry } from './parsed.ts';

const quay = registry({ id: 'quay', address: 'quay.io', order: 1 });
const newer = registry({ id: 'newer', address: 'quay.io', order: 2 });
const team = registry({ id: 'team', address: 'quay.io/team', order: 3 });
const other = registry({ id: 'other', address: 'quay.io/other', order: 4 });
const named = registry({ id: 'named', address: 'quay.io', order: 0, environments: ['prod'] });
const inactive = (each: Registry): Registry => ({ ...each, state: 'inactive' });

const select = (image: string, registries: readonly Registry[], environment = 'prod') =>
  selectRegistry({ reference: reference(image), environment, registries });

function outline(selection: ReturnType<typeof selectRegistry> | ReturnType<typeof selectForHost>): readonly string[] {
  switch (selection.kind) {
    case 'none':
      return ['none'];
    case 'ambiguous':
      return ['ambiguous', ...selection.registries.map(({ id }) => id)];
    case 'selected':
    case 'inactive':
      return [selection.kind, selection.registry.id, ...selection.overridden.map(({ id }) => id)];
  }
}

describe('the registry that answers for an image', () => {
  it.each([
    ['the only one', 'quay.io/app', [quay], ['selected', 'quay']],
    ['none on another host', 'ghcr.io/app', [quay], ['none']],
    ['none on another port', 'quay.io:5000/app', [quay], ['none']],
    ['none on a look-alike', 'quay.io.evil.example/app', [quay], ['none']],
    ['none where there are none', 'quay.io/app', [], ['none']],
    ['the longest address', 'quay.io/team/app', [team, newer], ['selected', 'team']],
    ['the longest address, for the repository itself', 'quay.io/team', [team, newer], ['selected', 'team']],
    ['the host for a path that only starts alike', 'quay.io/teamx/app', [team, quay], ['selected', 'quay']],
    ['the most recently added', 'quay.io/app', [quay, newer], ['selected', 'newer', 'quay']],
    [
      'the one authorised by name before *',
      'quay.io/app',
      [newer, named, quay],
      ['selected', 'named', 'newer', 'quay'],
    ],
    ['the longest address before the name', 'quay.io/team/app', [named, team], ['selected', 'team']],
    ['no other when the winner is inactive', 'quay.io/app', [quay, inactive(newer)], ['inactive', 'newer', 'quay']],
    ['no shorter one when the winner is inactive', 'quay.io/team/app', [quay, inactive(team)], ['inactive', 'team']],
    ['one that is active over an inactive one', 'quay.io/app', [inactive(quay), newer], ['selected', 'newer', 'quay']],
  ])('is %s', (_, image, registries, expected) => {
    expect(outline(select(image, registries))).toEqual(expected);
    expect(outline(select(image, registries.toReversed()))).toEqual(expected);
  });

  it('is never one that is not authorised for the environment', () => {
    expect(outline(select('quay.io/app', [named], 'ci'))).toEqual(['none']);
    expect(outline(select('quay.io/app', [named, quay], 'ci'))).toEqual(['selected', 'quay']);
    expect(outline(select('quay.io/app', [inactive(named), quay], 'ci'))).toEqual(['selected', 'quay']);
  });

  it('is the next most recent one when the winner is deleted', () => {
    expect(outline(select('quay.io/app', [quay, newer]))).toEqual(['selected', 'newer', 'quay']);
    expect(outline(select('quay.io/app', [quay]))).toEqual(['selected', 'quay']);
  });

  const registries = fc.uniqueArray(
    fc.record({
      address: fc.constantFrom('quay.io', 'quay.io/team', 'quay.io/team/app', 'quay.io/teamx', 'ghcr.io'),
      environments: fc.constantFrom(['*'], ['prod'], ['ci'], ['ci', 'prod'], ['*', 'prod']),
      state: fc.constantFrom('active', 'inactive'),
      order: fc.nat(50),
    }),
    { selector: ({ order }) => order, maxLength: 8 },
  );
  const stored = registries.map((each) => each.map((fields) => registry({ id: `r${fields.order}`, ...fields })));

  const shuffles = stored.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );

  it('does not depend on the order in which the registries come', () => {
    fc.assert(
      fc.property(shuffles, fc.constantFrom('prod', 'ci'), ([all, shuffled], environment) => {
        expect(select('quay.io/team/app', shuffled, environment)).toEqual(select('quay.io/team/app', all, environment));
        const host = { host: 'quay.io', environment, allows: () => true };
        expect(selectForHost({ ...host, registries: shuffled })).toEqual(selectForHost({ ...host, registries: all }));
      }),
    );
  });
});

describe('for a host alone', () => {
  const ask = (registries: readonly Registry[], refused: readonly string[] = []) =>
    outline(
      selectForHost({
        host: 'quay.io',
        environment: 'prod',
        registries,
        allows: (address) => !refused.includes(address),
      }),
    );

  it.each([
    ["the host's own registry answers", [team, quay, other], ['selected', 'quay']],
    ["the newest of the host's own", [quay, team, newer], ['selected', 'newer', 'quay']],
    ['the only one with a path answers', [team], ['selected', 'team']],
    ['an inactive one with a path refuses', [inactive(team)], ['inactive', 'team']],
    ["the host's own refuses when it is inactive", [inactive(quay), team], ['inactive', 'quay']],
    ['several paths are named', [team, other], ['ambiguous', 'other', 'team']],
    ['an inactive path still counts as one that may be meant', [team, inactive(other)], ['ambiguous', 'other', 'team']],
    ['two at one path are one path', [team, { ...team, id: 't2', order: 8 }], ['selected', 't2', 'team']],
    ['none answers for another host', [registry({ id: 'x', address: 'quay.io:5000' })], ['none']],
    ['none answers where none is authorised', [{ ...team, environments: ['ci'] }], ['none']],
  ])('%s', (_, registries, expected) => {
    expect(ask(registries)).toEqual(expected);
  });

  it('registries at addresses that policy refuses do not compete', () => {
    expect(ask([team, other], ['quay.io/other'])).toEqual(['selected', 'team']);
    expect(ask([team, other], ['quay.io/other', 'quay.io/team'])).toEqual(['none']);
  });
});
