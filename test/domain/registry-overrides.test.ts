import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standingsOn, type Override } from '../../lib/domain/registry-overrides.ts';
import { selectRegistry } from '../../lib/domain/registry-selection.ts';
import type { Registry } from '../../lib/domain/registry.ts';
import { reference, registry } from './parsed.ts';

const every = registry({ id: 'every', address: 'quay.io', order: 1 });
const newer = registry({ id: 'newer', address: 'quay.io', order: 2 });
const prod = registry({ id: 'prod', address: 'quay.io', order: 3, environments: ['prod'] });
const both = registry({ id: 'both', address: 'quay.io', order: 4, environments: ['prod', 'ci'] });
const team = registry({ id: 'team', address: 'quay.io/team', order: 5 });
const inactive = (each: Registry): Registry => ({ ...each, state: 'inactive' });

function words(overrides: readonly Override[]): readonly string[] {
  return overrides.map(({ id, environments }) => `${id}: ${environments.join(',')}`);
}

describe('of the registries on a host, one', () => {
  it.each<[string, Registry, readonly Registry[], readonly string[], readonly string[]]>([
    ['that is alone stands above and below nobody', every, [every], [], []],
    ['is not concerned by one at another path', every, [every, team], [], []],
    ['for every environment gives way to a newer one', every, [every, newer], [], ['newer: *']],
    ['that is newer answers instead of an earlier one', newer, [every, newer], ['every: *'], []],
    ['that is newer still answers when it is inactive, by refusing', every, [every, inactive(newer)], [], ['newer: *']],
    ['for every environment gives way where another is named', newer, [newer, prod], [], ['prod: prod']],
    ['that names an environment answers there', prod, [newer, prod], ['newer: prod'], []],
    [
      'is told only of who answers, not of all that come before',
      every,
      [every, newer, both],
      [],
      ['both: ci,prod', 'newer: *'],
    ],
    ['shares its environments with several', both, [every, newer, both], ['newer: ci,prod', 'every: ci,prod'], []],
    ['gives way in one environment of two', prod, [prod, both], [], ['both: prod']],
    [
      'that names an environment and is for every one',
      registry({ id: 'x', address: 'quay.io', order: 9, environments: ['*', 'prod'] }),
      [newer, prod],
      ['prod: prod', 'newer: prod,*'],
      [],
    ],
  ])('%s', (_, asked, onHost, overrides, overriddenBy) => {
    for (const all of [[...new Set([asked, ...onHost])], [...new Set([...onHost.toReversed(), asked])]]) {
      const standing = standingsOn(all)(asked.id);
      expect(words(standing.overrides)).toEqual(overrides);
      expect(words(standing.overriddenBy)).toEqual(overriddenBy);
    }
  });

  it('that was removed meanwhile stands alone', () => {
    expect(standingsOn([every, newer])('gone')).toEqual({ overrides: [], overriddenBy: [], overridden: false });
  });

  it.each<[string, Registry, readonly Registry[], boolean]>([
    ['by a newer one for the same environments', every, [newer], true],
    ['not by an older one', newer, [every], false],
    ['not by one at another path', every, [team], false],
    ['not by one for a single environment, when it is for every one', newer, [prod], false],
    ['not by * when it is authorised by name', { ...prod, order: 0 }, [newer], false],
    ['by an inactive one: that still answers', every, [inactive(newer)], true],
    [
      'by two that share its environments',
      both,
      [
        { ...prod, order: 7 },
        { ...prod, id: 'ci', environments: ['ci'], order: 8 },
      ],
      true,
    ],
    ['not while one of its environments is left to it', both, [{ ...prod, order: 7 }], false],
  ])('is overridden %s', (_, asked, others, overridden) => {
    expect(standingsOn([asked, ...others])(asked.id).overridden).toBe(overridden);
  });

  const NAMES = ['prod', 'ci', 'dev'];
  const onHost = fc
    .uniqueArray(
      fc.record({
        address: fc.constantFrom('quay.io', 'quay.io/team', 'quay.io/team/app'),
        environments: fc.uniqueArray(fc.constantFrom('*', ...NAMES), { minLength: 1 }),
        state: fc.constantFrom('active', 'inactive'),
        order: fc.nat(50),
      }),
      { selector: ({ order }) => order, maxLength: 9 },
    )
    .map((all) => all.map((fields) => registry({ id: `r${fields.order}`, ...fields })));

  /** As `standingsOn` should have it, one environment and one selection after the other. */
  function standingBySelection(asked: Registry, all: readonly Registry[]) {
    const rivals = all.filter(({ address }) => address === asked.address);
    const named = new Set(rivals.flatMap(({ environments }) => environments));
    const overrides = new Map<string, string[]>();
    const overriddenBy = new Map<string, string[]>();
    let answers = false;
    // `later` is none of the names: it stands for the environments that nobody has named yet.
    for (const [environment, written] of [...NAMES.map((name) => [name, name] as const), ['later', '*'] as const]) {
      if (written !== '*' && !named.has(written)) continue;
      const selection = selectRegistry({ reference: reference(`${asked.address}/x`), environment, registries: rivals });
      if (selection.kind === 'none') continue;
      const { registry: winner, overridden } = selection;
      if (winner.id === asked.id) {
        answers = true;
        for (const { id } of overridden) overrides.set(id, [...(overrides.get(id) ?? []), written]);
      } else if (overridden.some(({ id }) => id === asked.id)) {
        overriddenBy.set(winner.id, [...(overriddenBy.get(winner.id) ?? []), written]);
      }
    }
    return { overrides, overriddenBy, overridden: !answers };
  }

  function asSets(overrides: Iterable<readonly [string, readonly string[]]>): unknown {
    return Object.fromEntries([...overrides].map(([id, environments]) => [id, new Set(environments)]));
  }

  it('stands to the others as selection has it, in every environment', () => {
    fc.assert(
      fc.property(onHost, (all) => {
        const standings = standingsOn(all);
        for (const asked of all) {
          const wanted = standingBySelection(asked, all);
          const { overrides, overriddenBy, overridden } = standings(asked.id);
          const entries = (list: readonly Override[]) =>
            list.map(({ id, environments }) => [id, environments] as const);
          expect(asSets(entries(overrides))).toEqual(asSets(wanted.overrides));
          expect(asSets(entries(overriddenBy))).toEqual(asSets(wanted.overriddenBy));
          expect(overridden).toBe(wanted.overridden);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('overrides exactly those that it overrides', () => {
    fc.assert(
      fc.property(onHost, (all) => {
        const standings = standingsOn(all);
        for (const { id } of all) {
          for (const other of standings(id).overrides) {
            expect(standings(other.id).overriddenBy).toContainEqual({ id, environments: other.environments });
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
