/**
 * What policy says about many images at once: the present one, and one that is only proposed. Reads the catalogue as it is
 * now, writes nothing, records no decision.
 */
import { setImmediate } from 'node:timers/promises';
import type { EnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { parseHelperKey } from '../domain/helper-key.ts';
import type { Policies } from '../domain/policy-decision.ts';
import type { StoredPolicy } from '../domain/policy.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { parseScope } from './policies.ts';
import { proposedPolicies, type Proposal } from './policy-proposal.ts';
import {
  changeBetween,
  hostDecisions,
  imageDecision,
  noHost,
  type DecisionChange,
  type TestedDecision,
} from './tested-decision.ts';

export interface PolicyTest {
  /** As clients write them. */
  readonly images: readonly string[];
  /** `host[:port]`, or a URL as docker names it. */
  readonly hosts: readonly string[];
  /** Undefined: the organisation's policy alone. */
  readonly environment?: string | undefined;
  readonly proposed?: Proposal | undefined;
  /** The moment that is asked about; now, if nothing is said. */
  readonly at?: number | undefined;
}

export interface TestedImage {
  readonly kind: 'image' | 'host';
  /** As it was asked. */
  readonly image: string;
  readonly present: TestedDecision;
  readonly proposed: TestedDecision | undefined;
  readonly change: DecisionChange | undefined;
}

export interface PolicyTestOutcome {
  readonly environment: EnvironmentName | undefined;
  readonly at: number;
  /** Of the present policies, 0 where nobody has set one: for the `If-Match` of whoever sets what was proposed. */
  readonly revisions: { readonly organisation: number; readonly environment: number | undefined };
  /** Images first, then hosts, in the order in which they were asked. */
  readonly items: readonly TestedImage[];
}

export interface PolicyTestDeps {
  readonly catalogue: Pick<Catalogue, 'getPolicy' | 'registriesOnHost'>;
  readonly now: () => number;
}

export async function testPolicy(
  test: PolicyTest,
  deps: PolicyTestDeps,
): Promise<Result<PolicyTestOutcome, InvalidInput>> {
  const { images, hosts, proposed: proposal = {} } = test;
  if (images.length + hosts.length === 0) {
    return failure(invalidInput('images', 'must hold one image at least, or hosts one host'));
  }
  const scope = parseScope(test.environment);
  if (!scope.ok) return scope;
  const environment = scope.value;
  if (environment === null && proposal.environment !== undefined) {
    return failure(invalidInput('proposed.environment', 'is for an environment, and none is named'));
  }

  const stored = await presentPolicies(environment, deps);
  const present = { organisation: stored.organisation?.document, environment: stored.environment?.document };
  const now = deps.now();
  const proposed = proposedPolicies(proposal, present, now);
  if (!proposed.ok) return proposed;

  const at = test.at ?? now;
  const isProposed = proposal.organisation !== undefined || proposal.environment !== undefined;
  const next = isProposed ? { ...proposed.value, at } : undefined;
  const matter = { present: { ...present, at }, next };
  const items = [...(await testImages(images, matter)), ...(await testHosts(hosts, { ...matter, environment }, deps))];
  const revisions = {
    organisation: stored.organisation?.revision ?? 0,
    environment: environment === null ? undefined : (stored.environment?.revision ?? 0),
  };
  return success({ environment: environment ?? undefined, at, revisions, items });
}

interface Stored {
  readonly organisation: StoredPolicy | undefined;
  readonly environment: StoredPolicy | undefined;
}

async function presentPolicies(environment: EnvironmentName | null, deps: PolicyTestDeps): Promise<Stored> {
  const [organisation, own] = await Promise.all([
    deps.catalogue.getPolicy(null),
    environment === null ? undefined : deps.catalogue.getPolicy(environment),
  ]);
  return { organisation, environment: own };
}

interface Compared {
  readonly present: Policies;
  /** The proposed ones, where any are. */
  readonly next: Policies | undefined;
}

interface Decisions {
  readonly present: TestedDecision;
  readonly proposed: TestedDecision | undefined;
}

/** Hosts that pull get their turn after so many. One image takes microseconds; one host with many registries, longer. */
const IMAGES_A_TURN = 25;

/** Each is decided on once, however often it is named. */
async function testImages(images: readonly string[], { present, next }: Compared): Promise<readonly TestedImage[]> {
  const known = new Map<string, TestedImage>();
  const items: TestedImage[] = [];
  for (const image of images) {
    const item =
      known.get(image) ??
      compared('image', image, {
        present: imageDecision(image, present),
        proposed: next && imageDecision(image, next),
      });
    known.set(image, item);
    if (items.push(item) % IMAGES_A_TURN === 0) await setImmediate();
  }
  return items;
}

/** As are hosts, which several texts may name. */
async function testHosts(
  hosts: readonly string[],
  matter: Compared & { readonly environment: EnvironmentName | null },
  deps: PolicyTestDeps,
): Promise<readonly TestedImage[]> {
  const { environment, present, next } = matter;
  const decidePresent = hostDecisions(environment, present);
  const decideNext = next && hostDecisions(environment, next);
  const known = new Map<string, Decisions>();
  const items: TestedImage[] = [];
  for (const text of hosts) {
    const parsed = parseHost(text);
    if (!parsed.ok) {
      const rule = parsed.failure;
      items.push(compared('host', text, { present: noHost(rule, present), proposed: next && noHost(rule, next) }));
      continue;
    }
    const host = parsed.value;
    let decisions = known.get(host);
    if (decisions === undefined) {
      await setImmediate();
      const registries = environment === null ? [] : await deps.catalogue.registriesOnHost(host);
      decisions = { present: decidePresent(host, registries), proposed: decideNext?.(host, registries) };
      known.set(host, decisions);
    }
    items.push(compared('host', text, decisions));
  }
  return items;
}

function parseHost(text: string): Result<string, string> {
  const key = parseHelperKey(text);
  if (!key.ok) return failure(key.failure.rule);
  if (key.value.kind === 'host') return success(key.value.host);
  return failure('this is a repository: ask for it as an image');
}

function compared(kind: TestedImage['kind'], image: string, { present, proposed }: Decisions): TestedImage {
  return { kind, image, present, proposed, change: proposed && changeBetween(present, proposed) };
}
