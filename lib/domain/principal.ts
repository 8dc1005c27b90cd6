/**
 * Principals of AWS IAM: who may be bound to an agent (an ARN pattern), who calls (an ARN that AWS gave), and whether the
 * one is the other. Not its job: finding out who calls; that is API Gateway's, which checks the request's signature.
 *
 * What AWS says of a role's session is `arn:aws:sts::<account>:assumed-role/<role name>/<session name>`: the role's path
 * is not in it. So a pattern for a role names no path (a name is given once in an account, whatever its path), and the
 * session of a role is matched either by its role or by both names.
 */
import { failure, success, type Result } from './result.ts';

/** Somebody whom a pattern can name. */
export interface CallingPrincipal {
  /** The ARNs that stand for the caller, what may be bound first; cut where a pattern may begin to have `*`. */
  readonly forms: readonly Form[];
}

interface Form {
  /** Up to the `/` after the kind: `arn:aws:iam::123456789012:role/`. */
  readonly head: string;
  readonly name: string;
}

interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** A user's path has up to 512 characters, its name 64. */
const MAX_PATTERN_LENGTH = 640;
const MAX_ARN_LENGTH = 1024;

const PARTITION = /^aws(?:-[a-z]{1,8}){0,2}$/;
const ACCOUNT = /^\d{12}$/;
/** What names of roles, users and sessions are made of. Case counts, as in IAM's own policies. */
const NAME = /^[A-Za-z0-9_+=,.@-]+$/;
const NAME_PATTERN = /^[A-Za-z0-9_+=,.@*-]+$/;

const EXAMPLES = 'arn:aws:iam::123456789012:role/node-* or arn:aws:iam::123456789012:user/ci';

/**
 * A pattern, as it is kept and matched; or the rule that it breaks. `*` stands for any characters, none included, but never
 * for `/`, and never in the partition, the service or the account: who may call is always of an account that is named.
 */
export function parsePrincipalPattern(text: string): Result<string, { readonly rule: string }> {
  if (text.length > MAX_PATTERN_LENGTH) return failure({ rule: `must have at most ${MAX_PATTERN_LENGTH} characters` });
  const arn = splitArn(text);
  if (arn === undefined) return failure({ rule: `must be the ARN of a role or a user, such as ${EXAMPLES}` });
  if (!PARTITION.test(arn.partition)) {
    return failure({ rule: 'must name the partition without "*": aws, aws-cn or aws-us-gov' });
  }
  if (arn.region !== '') return failure({ rule: 'must name no region: roles and users are in none' });
  if (!ACCOUNT.test(arn.account)) return failure({ rule: 'must name one account by its 12 digits, without "*"' });
  const rule = ruleBroken(arn.service, arn.resource);
  return rule === undefined ? success(text) : failure({ rule });
}

function ruleBroken(service: string, resource: string): string | undefined {
  const [kind, ...names] = resource.split('/');
  if (!names.every((name) => NAME_PATTERN.test(name))) {
    return 'must have names of letters, digits and _+=,.@- after the first "/", with "*" for any characters but "/"';
  }
  switch (names.length === 0 ? '' : `${service}:${String(kind)}`) {
    case 'iam:user':
      return undefined;
    case 'iam:role':
      if (names.length === 1) return undefined;
      return "must leave out the role's path, which AWS does not tell of a caller: write role/<name>";
    case 'sts:assumed-role':
      if (names.length === 2) return undefined;
      return 'must name a role without its path and a session: assumed-role/<role name>/<session name>';
    default:
      return `must be of a role or a user: role/<name>, user/<name> or, with sts, assumed-role/<role name>/<session name>; such as ${EXAMPLES}`;
  }
}

/** Undefined: nobody whom a pattern can name, such as an account's root, or a federated user. */
export function parseCallingPrincipal(text: string): CallingPrincipal | undefined {
  const arn = text.length > MAX_ARN_LENGTH ? undefined : splitArn(text);
  if (arn === undefined || !PARTITION.test(arn.partition) || !ACCOUNT.test(arn.account) || arn.region !== '') {
    return undefined;
  }
  const [kind, ...names] = arn.resource.split('/');
  const [first, session, ...more] = names;
  if (first === undefined || !names.every((name) => NAME.test(name))) return undefined;
  const owner = `::${arn.account}:`;
  switch (`${arn.service}:${String(kind)}`) {
    case 'iam:user':
      return { forms: [{ head: `arn:${arn.partition}:iam${owner}user/`, name: names.join('/') }] };
    case 'sts:assumed-role':
      if (session === undefined || more.length > 0) return undefined;
      return {
        forms: [
          { head: `arn:${arn.partition}:iam${owner}role/`, name: first },
          { head: `arn:${arn.partition}:sts${owner}assumed-role/`, name: `${first}/${session}` },
        ],
      };
    default:
      return undefined;
  }
}

/** What an administrator would bind for this caller: its role, or the user. */
export function bindablePrincipal(caller: CallingPrincipal): string | undefined {
  const [form] = caller.forms;
  return form === undefined ? undefined : form.head + form.name;
}

/**
 * `pattern` as `parsePrincipalPattern` gave it. The head is compared as it is: even a pattern that got here unparsed can
 * name no second account.
 */
export function principalMatches(pattern: string, caller: CallingPrincipal): boolean {
  return caller.forms.some(({ head, name }) => {
    if (!pattern.startsWith(head)) return false;
    const expected = pattern.slice(head.length).split('/');
    const actual = name.split('/');
    return expected.length === actual.length && expected.every((part, index) => nameMatches(part, actual[index] ?? ''));
  });
}

/**
 * The literal parts between the `*` are looked for from left to right, each where it comes first, and never again: if the
 * leftmost finds lead nowhere, no others would. So a pattern made for it cannot make this slow.
 */
function nameMatches(pattern: string, name: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return pattern === name;
  if (name.length < start.length + end.length || !name.startsWith(start) || !name.endsWith(end)) return false;
  const until = name.length - end.length;
  let from = start.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > until) return false;
    from = at + part.length;
  }
  return true;
}

function splitArn(text: string): Arn | undefined {
  const [scheme, partition, service, region, account, resource, ...more] = text.split(':');
  if (scheme !== 'arn' || resource === undefined || more.length > 0) return undefined;
  if (partition === undefined || service === undefined || region === undefined || account === undefined)
    return undefined;
  return { partition, service, region, account, resource };
}
