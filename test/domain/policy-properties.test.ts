/** What holds for any two policy documents: against a model that says it in one line, and between the questions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, decideAddress, decideEntry, entriesOf, type Policies } from '../../lib/domain/policy-decision.ts';
import type { PolicyDocument } from '../../lib/domain/policy.ts';
import { address, policy, reference } from './parsed.ts';

const AT = Date.parse('2026-10-15T12:00:00Z');
const ENDS = { live: '2026-10-15T12:00:00.001Z', ended: '2026-10-15T12:00:00Z' };

const ask = (text: string, organisation?: PolicyDocument, environment?: PolicyDocument) =>
  decide({ reference: reference(text), organisation, environment, at: AT });

describe('whatever the policies', () => {
  const hosts = ['quay.io', 'quay.io:5000', 'docker.io', 'a.corp.example', 'registry:443'];
  const paths = ['', '/a', '/a/b', '/a/b/c', '/b', '/library', '/library/a'];
  const places = hosts.flatMap((host) => paths.map((path) => host + path));
  const entry = fc.oneof(
    fc.constantFrom(...places),
    fc.constantFrom('*.corp.example', '*.io', '*.example', 'quay.io:443/a'),
  );
  const list = fc.uniqueArray(entry, { minLength: 1, maxLength: 4 });
  const listOrNone = fc.oneof(fc.constant([]), list);
  const exceptions = fc
    .uniqueArray(fc.tuple(entry, fc.constantFrom(ENDS.live, ENDS.ended)), {
      // Two spellings of one entry are one.
      selector: ([text]) => text.replace(':443/', '/'),
      maxLength: 3,
    })
    .map((pairs) => pairs.map(([text, until]) => ({ entry: text, reason: 'for a while', until })));
  const document = fc
    .record({ whitelist: fc.option(list), deny: listOrNone, alwaysAllow: listOrNone, exceptions })
    .map((lists) => policy(lists));
  const documents = fc.record({
    organisation: fc.option(document, { nil: undefined }),
    environment: fc.option(document, { nil: undefined }),
    at: fc.constant(AT),
  });
  /** One image at each place and a fresh one below it: if any image at an address is allowed, one of these is. */
  const images = places.flatMap((place) => [...(place.includes('/') ? [place] : []), `${place}/fresh/one`]);

  it('an address is allowed exactly when some image below it is', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...places), (policies, place) => {
        // An official image's own address stands for that image: a deny entry written short refuses it as a whole.
        fc.pre(!/^docker\.io\/library\/[^/]+$/.test(place));
        const below = images
          .filter((image) => image === place || image.startsWith(`${place}/`))
          // For the same reason nothing is below an official image: Docker Hub has no such repositories.
          .filter((image) => !image.startsWith('docker.io/library/a/'));
        // On Docker Hub a one-part name is an official image, so the path itself is no image there.
        const real = below.map((image) => reference(image)).filter((each) => each.canonical.startsWith(place));
        const some = real.some((each) => decide({ reference: each, ...policies }).allowed);
        expect(decideAddress({ address: address(place), ...policies }).allowed).toBe(some);
      }),
      { numRuns: 2000 },
    );
  });

  /** The model: one entry at a time, put together by what the lists mean. */
  function modelAllows(image: string, { organisation, environment, at }: Policies): boolean {
    const allows = (text: string) => ask(image, policy({ whitelist: [text] })).allowed;
    const denies = (text: string) => !ask(image, policy({ deny: [text] })).allowed;
    return [organisation, environment].every((each) => {
      if (each === undefined) return true;
      const live = each.exceptions.filter(({ until }) => until > at).map((exception) => exception.entry);
      if ([...(organisation?.alwaysAllow ?? []), ...each.alwaysAllow, ...live].some(allows)) return true;
      return !each.deny.some(denies) && (each.whitelist === null || each.whitelist.some(allows));
    });
  }

  it('an image is allowed exactly when each document allows it, or is opened for it', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...images), (policies, image) => {
        const { allowed, wouldRefuse } = decide({ reference: reference(image), ...policies });
        expect({ allowed, wouldRefuse }).toEqual({
          allowed: modelAllows(image, policies),
          wouldRefuse: !modelAllows(image, policies),
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('a deny entry beats every whitelist entry, and adding one never allows more', () => {
    fc.assert(
      fc.property(documents, entry, fc.constantFrom(...images), (policies, denied, image) => {
        const before = decide({ reference: reference(image), ...policies });
        const organisation = policies.organisation ?? policy({});
        const deny = [...organisation.deny, ...policy({ deny: [denied] }).deny];
        const after = decide({ ...policies, reference: reference(image), organisation: { ...organisation, deny } });
        expect(after.allowed && !before.allowed).toBe(false);
        const closed = { ...organisation, deny, alwaysAllow: [], exceptions: [] };
        const deniedAlone = !ask(image, policy({ deny: [denied] })).allowed;
        if (!deniedAlone) return;
        expect(decide({ ...policies, reference: reference(image), organisation: closed })).toMatchObject({
          allowed: false,
          wouldRefuse: true,
        });
      }),
    );
  });

  it('the environment opens nothing that the organisation refuses', () => {
    fc.assert(
      fc.property(documents, list, fc.constantFrom(...images), (policies, opened, image) => {
        fc.pre(!ask(image, policies.organisation).allowed);
        const live = opened.map((text) => ({ entry: text, reason: 'for a while', until: ENDS.live }));
        for (const environment of [policy({ alwaysAllow: opened }), policy({ exceptions: live.slice(0, 1) })]) {
          expect(ask(image, policies.organisation, environment).allowed).toBe(false);
        }
      }),
    );
  });

  it('the longest entry that covers an image says what holds for it', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...images), (policies, image) => {
        // Nothing is below an official image: Docker Hub has no such repositories.
        fc.pre(!image.startsWith('docker.io/library/a/'));
        const { canonical } = reference(image);
        const longest = entriesOf(policies)
          .filter((each) => ask(canonical, policy({ whitelist: [each] })).allowed)
          // A wildcard is shorter than any host that it covers.
          .toSorted((one, other) => weight(other) - weight(one))[0];
        fc.pre(longest !== undefined);
        expect(decideEntry({ ...policies, entry: longest }).allowed).toBe(
          decide({ ...policies, reference: reference(canonical) }).allowed,
        );
      }),
      { numRuns: 2000 },
    );
  });

  const weight = (text: string): number => text.length - (text.startsWith('*') ? 1000 : 0);

  it('the order of entries changes nothing', () => {
    fc.assert(
      fc.property(documents, fc.constantFrom(...images), ({ organisation, environment }, image) => {
        const reversed = (each: PolicyDocument | undefined) =>
          each && {
            ...each,
            whitelist: each.whitelist?.toReversed() ?? null,
            deny: each.deny.toReversed(),
            alwaysAllow: each.alwaysAllow.toReversed(),
            exceptions: each.exceptions.toReversed(),
          };
        expect(ask(image, reversed(organisation), reversed(environment))).toEqual(
          ask(image, organisation, environment),
        );
      }),
    );
  });

  it('every spelling of a reference is decided alike', () => {
    const spellings: fc.Arbitrary<readonly [string, string]> = fc.constantFrom(
      ['docker.io/library/a', 'a'],
      ['docker.io/library/a', 'index.docker.io/a'],
      ['docker.io/a/b', 'a/b'],
      ['docker.io/a/b', 'Registry.Hub.Docker.com:443/a/b'],
      ['quay.io/a/b', 'QUAY.IO:0443/a/b'],
      ['quay.io:5000/a', 'Quay.io:05000/a'],
      ['registry:443/a', 'REGISTRY/a'],
      ['a.corp.example/b', 'A.Corp.Example:443/b'],
    );
    fc.assert(
      fc.property(documents, spellings, ({ organisation, environment }, [one, other]) => {
        expect(ask(one, organisation, environment)).toEqual(ask(other, organisation, environment));
      }),
    );
  });
});
