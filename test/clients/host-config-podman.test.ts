/** podman's files on a real client: what skopeo copies under them is what policy allows, for random policies and images. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostOf } from '../../lib/domain/image-reference.ts';
import { decide, type Policies } from '../../lib/domain/policy-decision.ts';
import { podmanConfig } from '../../lib/formats/host-config/podman.ts';
import { reference } from '../domain/parsed.ts';
import { arbitraryImage, arbitraryPolicies, oddlySpelledImage } from '../support/arbitrary-policies.ts';
import { wantedFor } from '../support/wanted-host-config.ts';
import { openPolicyHost, type Copied, type PolicyHost } from './support/policy-host.ts';
import { writeTinyImage } from './support/tiny-image.ts';
import { available } from './support/tools.ts';
import { openWorkspace, type Workspace } from './support/workspace.ts';

const POLICIES = 40;
const IMAGES = 8;
const ODD_POLICIES = 10;

const NAMES = [
  ...['quay.io', 'docker.io', 'registry-1.docker.io', 'index.docker.io', 'registry.hub.docker.com', 'corp.example'],
  ...[
    'a.corp.example',
    'b.corp.example',
    'x.corp.example',
    'x.a.corp.example',
    'registry',
    'other.test',
    'other.io',
    'localhost',
  ],
];
const HOST = { names: NAMES, addresses: ['10.0.0.1'], ports: [80, 443, 5000] };

let workspace: Workspace;
let host: PolicyHost;

beforeAll(async () => {
  workspace = openWorkspace();
  host = await openPolicyHost(workspace, HOST);
});

afterAll(() => workspace.end());

interface Drawn {
  readonly policies: Policies;
  readonly images: readonly string[];
}

function drawn(images: fc.Arbitrary<string>, numRuns: number, seed: number): readonly Drawn[] {
  const one = fc.record({
    policies: arbitraryPolicies,
    // Debian 12's skopeo reads no IPv6 address.
    images: fc.uniqueArray(
      images.filter((image) => !image.startsWith('[')),
      { minLength: IMAGES, maxLength: IMAGES },
    ),
  });
  return fc.sample(one, { numRuns, seed });
}

interface Copying extends Drawn {
  readonly notes: readonly string[];
  readonly outcomes: readonly Copied[];
}

async function copied(cases: readonly Drawn[]): Promise<readonly Copying[]> {
  const configured = cases.map((one) => ({ ...one, config: podmanConfig(wantedFor(one.policies)) }));
  const all = await host.copyUnder(
    configured.map(({ config, images }) => ({
      files: withPolicy(config.files),
      sources: images.map((image) => `docker://${image}`),
    })),
  );
  return configured.map(({ config, ...one }, index) => ({ ...one, notes: config.notes, outcomes: all[index] ?? [] }));
}

/** skopeo wants a policy.json, where podman's files have none because nothing is refused. */
function withPolicy(files: ReturnType<typeof podmanConfig>['files']): ReturnType<typeof podmanConfig>['files'] {
  const path = '/etc/containers/policy.json';
  const content = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] });
  return files.some((file) => file.path === path) ? files : [...files, { path, mode: '0644', content }];
}

function allows(policies: Policies, image: string): boolean {
  return decide({ reference: reference(image), ...policies }).allowed;
}

const OTHER_NAMES_OF_DOCKER_HUB = /^(?:registry-1\.docker\.io|registry\.hub\.docker\.com)\//;

/** Where podman cannot say what policy says, a note does: of a wildcard, or of a host on a port that nobody named. */
function isToldOf(notes: readonly string[], image: string): boolean {
  const [, name = '', port] = /^([^/]+?)(?::(\d+))?$/.exec(hostOf(reference(image))) ?? [];
  const words = notes.flatMap((note) => note.split(/[ ,]+/));
  const covers = (word: string): boolean => word === name || (word.startsWith('*.') && name.endsWith(word.slice(1)));
  return port !== undefined && words.some(covers);
}

function hasWildcard({ organisation, environment }: Policies): boolean {
  return [organisation, environment].some((document) =>
    [
      ...(document?.whitelist ?? []),
      ...(document?.alwaysAllow ?? []),
      ...(document?.exceptions ?? []).map(({ entry }) => entry),
    ].some((entry) => entry.startsWith('*')),
  );
}

function isClosed({ organisation, environment }: Policies): boolean {
  return [organisation, environment].some((document) => document?.whitelist);
}

describe.runIf(available('skopeo', 'unshare', 'busybox', 'openssl'))('what skopeo copies', () => {
  it('is what policy allows', async () => {
    const wrong: unknown[] = [];
    let compared = 0;
    for (const { policies, images, notes, outcomes } of await copied(drawn(arbitraryImage, POLICIES, 11))) {
      for (const [index, image] of images.entries()) {
        const accepted = outcomes[index] === 'accepted';
        const allowed = allows(policies, image);
        compared += 1;
        if (accepted === allowed) continue;
        // Shut on purpose: nobody has to name Docker Hub so.
        if (allowed && OTHER_NAMES_OF_DOCKER_HUB.test(image)) continue;
        if (accepted && isToldOf(notes, image)) continue;
        wrong.push({ image, allowed, outcome: outcomes[index], policies });
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBe(POLICIES * IMAGES);
  });

  it('is never more than a whitelist without wildcards allows, however the image is spelled', async () => {
    const cases = drawn(oddlySpelledImage, ODD_POLICIES * 8, 12).filter(
      (one) => isClosed(one.policies) && !hasWildcard(one.policies),
    );
    const wrong = (await copied(cases.slice(0, ODD_POLICIES))).flatMap(({ policies, images, outcomes }) =>
      images
        .filter((image, index) => outcomes[index] === 'accepted' && !allows(policies, image))
        .map((image) => ({ image, policies })),
    );
    expect(cases.length).toBeGreaterThanOrEqual(ODD_POLICIES);
    expect(wrong).toEqual([]);
  });

  it('leaves alone what is on the host already', async () => {
    const layout = workspace.path('local', 'layout');
    writeTinyImage(layout, 'local');
    const files = podmanConfig(wantedFor({ whitelist: ['quay.io/a'] })).files;
    const sources = [`oci:${layout}:latest`, 'docker://quay.io/a:1', 'docker://quay.io/b:1'];
    expect(await host.copyUnder([{ files, sources }])).toEqual([['accepted', 'accepted', 'rejected']]);
  });

  it('says of a denied host that it is blocked, on every port', async () => {
    const files = podmanConfig(wantedFor({ deny: ['b.corp.example'] })).files;
    const sources = ['docker://b.corp.example/a:1', 'docker://b.corp.example:5000/a:1', 'docker://corp.example/a:1'];
    expect(await host.copyUnder([{ files, sources }])).toEqual([['blocked', 'blocked', 'accepted']]);
  });
});
