import type { CelInput } from '@bufbuild/cel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { OPEN } from '../../../lib/domain/access-scopes.ts';
import { parseEnvironmentName } from '../../../lib/domain/environment-name.ts';
import { decide, type Policies } from '../../../lib/domain/policy-decision.ts';
import { kubernetesConfig } from '../../../lib/formats/host-config/kubernetes.ts';
import type { HostConfig, WantedHostConfig } from '../../../lib/formats/host-config/wanted.ts';
import { arbitraryImage, arbitraryPolicies, AT, oddlySpelledImage } from '../../support/arbitrary-policies.ts';
import { wantedFor } from '../../support/wanted-host-config.ts';
import { anyText } from '../../domain/generators.ts';
import { address, policy } from '../../domain/parsed.ts';
import { admission, podOf, type Admission } from './admission.ts';

const FILE = '/etc/pullpass/kubernetes/image-policy.json';

function configOf(wanted: WantedHostConfig): HostConfig {
  const config = kubernetesConfig(wanted);
  if (!config.ok) throw new Error(config.failure.reason);
  return config.value;
}

function admissionOf(wanted: WantedHostConfig): Admission | undefined {
  const file = configOf(wanted).files.find(({ path }) => path === FILE);
  return file === undefined ? undefined : admission(file.content);
}

function refuses(admitting: Admission | undefined, ...images: readonly string[]): boolean {
  return admitting !== undefined && admitting.refusals({ object: podOf(...images) }).length > 0;
}

/** What CEL cannot tell from another spelling, and so refuses: leading zeros of a port, an IPv6 address that no rule names. */
const UNDECIDABLE = /^[^/]*:0\d+\/|^\[/;

describe('the admission policy', () => {
  it('refuses what policy refuses, and nothing else that it can read', () => {
    fc.assert(
      fc.property(
        arbitraryPolicies,
        fc.array(fc.oneof(arbitraryImage, oddlySpelledImage, anyText), { minLength: 6, maxLength: 6 }),
        (policies, images) => {
          const admitting = admissionOf(wantedFor(policies));
          for (const image of images) {
            const { allowed } = decide({ text: image, ...policies });
            const refused = refuses(admitting, image);
            if (refused && allowed) expect(image).toMatch(UNDECIDABLE);
            // Where nothing at all is refused there is no policy, and what is no image is left to Kubernetes.
            else if (admitting !== undefined) expect({ image, refused }).toEqual({ image, refused: !allowed });
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each([
    ['quay.io/team/app:1', false],
    ['quay.io/teamx/app:1', true],
    ['quay.io.evil.example/quay.io/team/app', true],
    ['QUAY.IO/team/app', false],
    ['quay.io:443/team/app', false],
    ['quay.io:5000/team/app', true],
    ['quay.io/team/Bad', true],
    ['nginx', false],
    ['library/nginx', false],
    ['index.docker.io/nginx', false],
    ['registry.hub.docker.com/library/nginx:1', false],
    ['team/nginx', true],
    ['EVIL/nginx', true],
    ['localhost/nginx', true],
    ['x.corp.example/a', false],
    ['corp.example/a', true],
    [`quay.io/team/app:1@sha256:${'a'.repeat(64)}`, false],
    [`quay.io/team/app@sha256:${'a'.repeat(63)}`, true],
    ['a'.repeat(64), true],
    [`quay.io/team/${'a'.repeat(255)}`, true],
    ['quay.io/team/app:1 ', true],
    ['', true],
  ])('of %s: refused is %s', (image, refused) => {
    const admitting = admissionOf(wantedFor({ whitelist: ['quay.io/team', 'docker.io/library', '*.corp.example'] }));
    expect(refuses(admitting, image)).toBe(refused);
  });

  it('lets in what is always allowed or excepted', () => {
    const exceptions = [{ entry: 'ghcr.io/one', reason: 'migration', until: new Date(AT + 1).toISOString() }];
    const admitting = admissionOf(wantedFor({ whitelist: ['quay.io'], alwaysAllow: ['registry.k8s.io'], exceptions }));
    expect(
      ['registry.k8s.io/pause:3.9', 'ghcr.io/one/x', 'ghcr.io/two/x'].map((image) => refuses(admitting, image)),
    ).toEqual([...[false, false], true]);
  });

  it('looks at every image of a pod, and names the first that is refused', () => {
    const admitting = admissionOf(wantedFor({ whitelist: ['quay.io'] }));
    const container = (image: string): Map<string, string> => new Map([['image', image]]);
    const good = container('quay.io/a');
    const bad = container('evil.example/a');
    const pod = (spec: Readonly<Record<string, CelInput>>): CelInput =>
      new Map([['spec', new Map(Object.entries({ containers: [good], ...spec }))]]);
    const volume = new Map([['image', new Map([['reference', 'evil.example/a']])]]);
    for (const spec of [
      { containers: [good, bad] },
      { initContainers: [bad] },
      { ephemeralContainers: [bad] },
      { volumes: [new Map([['name', 'x']]), volume] },
    ]) {
      expect(admitting?.refusals({ object: pod(spec) })).toEqual([
        {
          policy: 'pullpass-prod-images',
          actions: ['Deny'],
          message: 'the image evil.example/a is refused by the policy of the environment prod in Pullpass',
        },
      ]);
    }
    expect(admitting?.refusals({ object: pod({ volumes: [new Map([['name', 'x']])] }) })).toEqual([]);
  });

  it('lets a pod be changed that was let in before, but for an image that is new', () => {
    const admitting = admissionOf(wantedFor({ whitelist: ['quay.io'] }));
    const oldObject = podOf('evil.example/a');
    expect(admitting?.refusals({ object: podOf('evil.example/a'), oldObject })).toEqual([]);
    expect(admitting?.refusals({ object: podOf('evil.example/a', 'evil.example/b'), oldObject })).toHaveLength(1);
  });

  it('takes an image without a registry for one of Docker Hub, as runtimes do, and for one of the default registry', () => {
    const wanted = (whitelist: string[]): WantedHostConfig =>
      wantedFor({ whitelist }, { defaultRegistry: address('quay.io/team') });
    expect(refuses(admissionOf(wanted(['quay.io/team'])), 'nginx')).toBe(true);
    expect(refuses(admissionOf(wanted(['docker.io'])), 'nginx')).toBe(true);
    expect(refuses(admissionOf(wanted(['docker.io', 'quay.io/team'])), 'nginx')).toBe(false);
    expect(refuses(admissionOf(wanted(['quay.io/team'])), 'quay.io/team/nginx')).toBe(false);
  });
});

describe('in mode audit', () => {
  const policies = (mode: string): Policies => ({
    organisation: undefined,
    environment: policy({ whitelist: ['quay.io'], mode }),
    at: AT,
  });

  it('warns of what policy refuses, and refuses what is deactivated', () => {
    const enforced = wantedFor({ deny: ['quay.io/off'] }).enforced;
    const admitting = admissionOf(wantedFor(policies('audit'), { mode: 'audit', enforced }));
    const refusals = admitting?.refusals({ object: podOf('evil.example/a') });
    expect(refusals).toMatchObject([{ policy: 'pullpass-prod-images', actions: ['Audit', 'Warn'] }]);
    expect(admitting?.refusals({ object: podOf('quay.io/off/a') })).toMatchObject([
      { policy: 'pullpass-prod-deactivated', actions: ['Deny'] },
    ]);
  });
});

describe('what is applied', () => {
  it('has names that Kubernetes takes, whatever the environment is called', () => {
    const content = configOf(wantedFor({ whitelist: ['quay.io'] })).files.at(-1)?.content ?? '';
    const names = [...content.matchAll(/"name": "(?<name>pullpass[^"]*)"/g)].map(({ groups }) => groups?.['name']);
    expect(names).toEqual(['pullpass-prod-images', 'pullpass-prod-images']);
    for (const name of names) expect(name).toMatch(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/);
  });

  it.each([
    ['prod', 'prod'],
    ['a-b', 'a-b'],
    ['prod-', 'name.'],
    ['-prod', 'name.'],
  ])('is labelled with the environment %s, as a label may be', (name, start) => {
    const environment = parseEnvironmentName(name);
    if (!environment.ok) throw new Error(name);
    const { files } = configOf(wantedFor({ whitelist: ['quay.io'] }, { environment: environment.value }));
    const labelled = z.object({
      items: z.array(z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) })),
    });
    const { items } = labelled.parse(JSON.parse(files.at(-1)?.content ?? ''));
    expect(items).toHaveLength(2);
    for (const { labels } of items.map(({ metadata }) => metadata)) {
      expect(labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'pullpass' });
      expect(labels['pullpass/environment']).toMatch(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/);
      expect(labels['pullpass/environment']?.startsWith(start)).toBe(true);
    }
  });

  const notesFor = (...wanted: Parameters<typeof wantedFor>): string => configOf(wantedFor(...wanted)).notes.join('\n');
  const DELETE = 'kubectl delete --ignore-not-found validatingadmissionpolicybindings,validatingadmissionpolicies';

  it('is to be applied again after every change', () => {
    expect(notesFor({ whitelist: ['quay.io'] })).toMatch(/again after every change .*kubectl apply --server-side -f/);
  });

  it('says how to delete what an earlier one had and this one has not', () => {
    expect(notesFor({ whitelist: ['quay.io'] })).toContain(`${DELETE} pullpass-prod-deactivated`);
    const { enforced } = wantedFor({ deny: ['quay.io/off'] });
    expect(notesFor({ whitelist: ['quay.io'] }, { mode: 'audit', enforced })).not.toContain(DELETE);
    expect(notesFor({ whitelist: ['quay.io'] }, { mode: 'audit', enforced: OPEN })).toContain(
      `${DELETE} pullpass-prod-deactivated`,
    );
    expect(notesFor({})).toContain(`${DELETE} -l app.kubernetes.io/managed-by=pullpass,pullpass/environment=prod`);
  });

  it('is not there where nothing is refused', () => {
    expect(configOf(wantedFor({})).files).toEqual([]);
  });

  it('keeps every expression short enough for Kubernetes, and decides the same, with a thousand long entries', () => {
    const long = (index: number): string => `${'a'.repeat(60)}-${index}/${'b'.repeat(60)}`;
    const paths = Array.from({ length: 1000 }, (_, index) => `quay.io/${long(index)}`);
    const admitting = admissionOf(wantedFor({ whitelist: paths }));
    const lengths = admitting?.expressions.map(({ length }) => length) ?? [];
    expect(Math.max(...lengths)).toBeLessThan(100_000);
    expect(lengths.filter((length) => length > 20_000).length).toBeGreaterThan(1);
    expect(refuses(admitting, `quay.io/${long(0)}/x`, `quay.io/${long(999)}/x`)).toBe(false);
    expect(refuses(admitting, `quay.io/${long(1000)}/x`)).toBe(true);
  });

  it('is refused to be made where Kubernetes could not store it', () => {
    const entry = (index: number): string => `quay.io/${'a'.repeat(200)}${index}`;
    const document = (start: number) =>
      policy({ whitelist: Array.from({ length: 1000 }, (_, at) => entry(start + at)) });
    const policies: Policies = { organisation: document(0), environment: document(0), at: AT };
    expect(kubernetesConfig(wantedFor(policies)).ok).toBe(true);
    const hosts = Array.from({ length: 5000 }, (_, index) => ({
      ...{ name: `${'h'.repeat(60)}${index}.example`, wildcard: false, port: '443' },
      ...{ path: '', allowed: false },
    }));
    const enforced = {
      scopes: hosts.flatMap((scope) => [scope, { ...scope, path: 'a'.repeat(200), allowed: true }]),
      allowedElsewhere: true,
    };
    expect(kubernetesConfig(wantedFor({}, { enforced }))).toMatchObject({
      ok: false,
      failure: { kind: 'host_config_too_large' },
    });
  });
});
