/**
 * Every problem code: when it comes, what to do about it, and a failure that shows it. Status, title, headers and example are
 * what problem.ts makes of that failure, so the two cannot say different things; a code that is new does not compile until it
 * has its lines here.
 */
import * as z from 'zod/mini';
import { MINT_FAILURE_CODES } from '../../domain/credential.ts';
import { VERIFICATION_STATUSES } from '../../domain/registry.ts';
import type { ApiFailure, ProblemCode } from '../problem.ts';
import { environment, registryId, text } from './answers/values.ts';

export interface DescribedProblem {
  readonly when: string;
  readonly remedy: string;
  readonly sample: ApiFailure;
  /** Members beside those that every problem has. */
  readonly members?: Readonly<Record<string, z.core.$ZodType>>;
}

const REGISTRY = '01k2v9m6q3t8w5x7y0z1a2b3c4';

const errors = z.array(
  z.strictObject({
    field: text('A path into what was sent, such as "source.username"; empty: all of it'),
    rule: text('What is wrong with it and what would be right'),
  }),
);

const image = text('The canonical reference, or a host where only that was asked for');
const rule = text('Which rule decided');

type Described<Code extends ProblemCode> = Readonly<Record<Code, DescribedProblem>>;

const REQUESTS: Described<
  'invalid_input' | 'bad_reference' | 'bad_json' | 'bad_encoding' | 'bad_cursor' | 'bad_if_match' | 'body_too_large'
> = {
  invalid_input: {
    when: 'A field, a query parameter or a name in the path breaks a rule, or is not known here.',
    remedy: 'Read errors: it names the field and the rule.',
    sample: { kind: 'invalid_input', field: 'environments[1]', rule: 'must be 1 to 63 characters of a-z, 0-9 and "-"' },
    members: { errors },
  },
  bad_reference: {
    when: 'The image is not a reference as docker and podman read them.',
    remedy: 'Write host/repository:tag or host/repository@digest, in lower case up to the tag.',
    sample: { kind: 'bad_reference', rule: 'the repository must be lower case' },
    members: { errors },
  },
  bad_json: {
    when: 'The body is not one JSON document, or one of its objects gives a name twice.',
    remedy: 'Send JSON, and each name once; with curl, look at the quoting.',
    sample: { kind: 'bad_request', code: 'bad_json', reason: 'the body must be one JSON document' },
  },
  bad_encoding: {
    when: 'The body holds bytes that are not UTF-8.',
    remedy: 'Send text in UTF-8: a byte that was replaced in silence would be stored as another password.',
    sample: { kind: 'bad_request', code: 'bad_encoding', reason: 'the body must be text in UTF-8' },
  },
  bad_cursor: {
    when: 'The cursor is not one that this list gave out.',
    remedy: 'Leave it out to start from the top.',
    sample: { kind: 'bad_request', code: 'bad_cursor', reason: 'cursor must be one that the page before gave out' },
  },
  bad_if_match: {
    when: 'If-Match is not a revision in quotes.',
    remedy: 'Send the ETag as it came, or "*" for whatever the revision is.',
    sample: {
      kind: 'bad_request',
      code: 'bad_if_match',
      reason: 'If-Match must be a revision in quotes, as the ETag header gave it, such as "3"',
    },
  },
  body_too_large: {
    when: 'The body has more than 256 KiB, or more than 4 KiB on a path that hosts call or with the token of a host.',
    remedy: 'Send less in one call.',
    sample: { kind: 'route_failure', code: 'body_too_large' },
  },
};

const CALLERS: Described<
  'unauthenticated' | 'principal_not_bound' | 'role_required' | 'environment_not_allowed' | 'export_not_allowed'
> = {
  unauthenticated: {
    when: 'There is no token, or it is malformed, unknown, revoked or past its end; below /iam: no signature that AWS checked.',
    remedy: 'Send a token that is valid, or ask for a new one: which of these it was is not told.',
    sample: { kind: 'unauthenticated', expected: 'token' },
  },
  principal_not_bound: {
    when: 'AWS IAM knows the caller, and no agent here is bound to it.',
    remedy: 'An administrator binds an agent to the ARN that the detail names; it holds within 5 seconds.',
    sample: {
      kind: 'principal_not_bound',
      arn: 'arn:aws:sts::123456789012:assumed-role/web/i-0123456789abcdef0',
      bindable: 'arn:aws:iam::123456789012:role/web',
    },
    members: { principal: text('Who AWS says is calling') },
  },
  role_required: {
    when: 'The call is for another role.',
    remedy: 'Use a token of the role that the detail names; secrets go to agents only, not even to administrators.',
    sample: {
      kind: 'forbidden',
      code: 'role_required',
      reason: "this call needs the role admin; the token's role is viewer",
    },
  },
  environment_not_allowed: {
    when: 'The agent does not open that environment, whether there is one of that name or not.',
    remedy: 'Ask for an environment of its own, or have an agent created that opens this one.',
    sample: {
      kind: 'forbidden',
      code: 'environment_not_allowed',
      reason: 'this token does not open that environment',
    },
  },
  export_not_allowed: {
    when: 'The agent may pull, and may not have all credentials at once.',
    remedy: 'Ask for one image at a time, or have an agent created that may export.',
    sample: {
      kind: 'forbidden',
      code: 'export_not_allowed',
      reason: 'this token may not export credentials: create an agent with "export": true',
    },
  },
};

const PULLS: Described<
  | 'denied'
  | 'registry_inactive'
  | 'no_credential'
  | 'ambiguous_registry'
  | 'credential_unavailable'
  | 'credential_withheld'
> = {
  denied: {
    when: 'Policy refuses the image.',
    remedy: 'Read rule; what explain answers for the image shows both policies.',
    sample: {
      kind: 'denied',
      rule: 'not in the environment whitelist',
      image: 'quay.io/other/app:1',
      environment: 'prod',
    },
    members: { image, environment: environment(), rule },
  },
  registry_inactive: {
    when: 'The registry that answers for the image is deactivated; no other one takes its place, and nobody goes on anonymously.',
    remedy: 'An administrator activates it, or deletes it so that an earlier one answers again.',
    sample: { kind: 'registry_inactive', registryId: REGISTRY, address: 'quay.io' },
    members: { registryId: registryId() },
  },
  no_credential: {
    when: 'The image is allowed and no registry here is for it.',
    remedy: 'Pull anonymously, or add a registry.',
    sample: { kind: 'no_credential', image: 'quay.io/team/app:1', rule: 'no restriction' },
    members: { image, rule },
  },
  ambiguous_registry: {
    when: 'Only a host was named, and several registries are for different paths on it.',
    remedy: 'Ask for an image (resolve), or keep one registry for the whole host.',
    sample: { kind: 'ambiguous_host', host: 'quay.io', addresses: ['quay.io/one', 'quay.io/two'] },
    members: { addresses: z.array(z.string()) },
  },
  credential_unavailable: {
    when: 'The registry is known, and there is no credential for it that works now.',
    remedy: 'Try again after Retry-After; if it stays so, the registry’s lastError says why.',
    sample: {
      kind: 'credential_unavailable',
      registryId: REGISTRY,
      state: 'pending',
      retryAfterSeconds: 30,
      reason: 'the registry quay.io has no credential yet',
    },
    members: { registryId: registryId(), state: z.enum(['fresh', 'stale', 'expired', 'pending', 'missing']) },
  },
  credential_withheld: {
    when: "The registry would be sent a token of Pullpass's own AWS identity, and is none that may have one.",
    remedy: 'The detail names the field and the rule: edit the registry, or have its host named where Pullpass runs.',
    sample: {
      kind: 'credential_withheld',
      registryId: REGISTRY,
      reason: 'the registry docker.corp.example gets no token: its tls.plainHttp must be left out',
    },
    members: { registryId: registryId() },
  },
};

const HOSTS: Described<'host_config_too_large'> = {
  host_config_too_large: {
    when: 'The files for a host would be more than one answer, or one object of Kubernetes, can hold.',
    remedy: 'Use fewer, wider policy entries, or smaller environments.',
    sample: {
      kind: 'host_config_too_large',
      reason:
        'the answer would have more than 6000000 bytes: give the environment fewer hosts, or policy fewer, wider entries',
    },
  },
};

const CHANGES: Described<
  | 'not_found'
  | 'revision_conflict'
  | 'registry_busy'
  | 'not_begun'
  | 'own_identity'
  | 'verification_failed'
  | 'mint_failed'
> = {
  not_found: {
    when: 'There is no such registry, agent or policy, or it is not there any more.',
    remedy: 'Look at the list.',
    sample: { kind: 'not_found', resource: 'registry' },
  },
  revision_conflict: {
    when: 'Somebody else changed it: the revision that If-Match names is not the present one.',
    remedy: 'Read it again, then decide whether your change still is what you want.',
    sample: { kind: 'revision_conflict', currentRevision: 4 },
    members: { currentRevision: z.optional(z.int().check(z.minimum(0))) },
  },
  registry_busy: {
    when: 'The registry is being refreshed at this moment; nothing was changed.',
    remedy: 'Send the same again after Retry-After.',
    sample: { kind: 'registry_busy' },
  },
  not_begun: {
    when: 'Within a bulk change: its time was over before this registry’s turn came; nothing was done to it.',
    remedy: 'Send those that were not begun again.',
    sample: { kind: 'not_begun' },
  },
  own_identity: {
    when: 'An administrator would delete the agent that it is.',
    remedy: 'Use the token of another administrator.',
    sample: { kind: 'own_identity' },
  },
  verification_failed: {
    when: 'The registry could not be logged in to; nothing was stored.',
    remedy: 'Do what the detail says; with "verify": false it is stored all the same.',
    sample: {
      kind: 'verification_failed',
      status: 'unauthorized',
      advice: 'The registry refused the user name or the password: check both.',
    },
    members: { verification: z.strictObject({ status: z.enum(VERIFICATION_STATUSES) }) },
  },
  mint_failed: {
    when: 'The source (AWS, Google, the stored password) gave no credential; the present one, if any, stays.',
    remedy: 'Do what the detail says.',
    sample: {
      kind: 'mint_failed',
      code: 'denied',
      advice: 'AWS refused: allow ecr:GetAuthorizationToken to this identity',
    },
    members: { reason: z.enum(MINT_FAILURE_CODES) },
  },
};

const SERVICE: Described<
  'route_not_found' | 'method_not_allowed' | 'store_unavailable' | 'unreadable_row' | 'internal'
> = {
  route_not_found: {
    when: 'There is no such path.',
    remedy: 'Look at this reference; a name with a slash in it makes another path.',
    sample: { kind: 'route_failure', code: 'route_not_found' },
  },
  method_not_allowed: {
    when: 'The path is there, with other methods: Allow names them.',
    remedy: 'Use one of those.',
    sample: { kind: 'method_not_allowed', allowed: ['GET', 'POST'] },
  },
  store_unavailable: {
    when: 'The catalogue, the vault or the audit trail cannot be read or written; nothing was decided.',
    remedy: 'Try again after Retry-After; never take it for an allow.',
    sample: { kind: 'route_failure', code: 'store_unavailable' },
  },
  unreadable_row: {
    when: 'A registry, policy or agent that this is about is stored and cannot be read; nothing was decided.',
    remedy: 'Never take it for an allow. GET /v1/status names it; delete it by its id, or put the policy anew.',
    sample: { kind: 'route_failure', code: 'unreadable_row' },
  },
  internal: {
    when: 'A bug in Pullpass.',
    remedy: 'Report it with the line that its log has for the same time.',
    sample: { kind: 'route_failure', code: 'internal' },
  },
};

export const PROBLEMS: Described<ProblemCode> = { ...REQUESTS, ...CALLERS, ...PULLS, ...HOSTS, ...CHANGES, ...SERVICE };
