import { describe, expect, it } from 'vitest';
import {
  bindablePrincipal,
  parseCallingPrincipal,
  parsePrincipalPattern,
  principalMatches,
} from '../../lib/domain/principal.ts';
import { ruleOf } from './parsed.ts';

const IAM = 'arn:aws:iam::123456789012';
const STS = 'arn:aws:sts::123456789012';

function matches(pattern: string, arn: string): boolean {
  expect(parsePrincipalPattern(pattern)).toEqual({ ok: true, value: pattern });
  const caller = parseCallingPrincipal(arn);
  return caller !== undefined && principalMatches(pattern, caller);
}

describe('a pattern of principals', () => {
  it.each([
    `${IAM}:role/node-web`,
    `${IAM}:role/node-*`,
    `${IAM}:role/*`,
    `${IAM}:role/*-of-*-nodes`,
    `${IAM}:user/ci`,
    `${IAM}:user/teams/build/ci-*`,
    `${IAM}:user/teams/*/ci`,
    `${STS}:assumed-role/node-web/i-0123456789abcdef0`,
    `${STS}:assumed-role/node-*/i-*`,
    `${STS}:assumed-role/AWSReservedSSO_Pull_0123456789abcdef/somebody@example.com`,
    'arn:aws-cn:iam::123456789012:role/node-*',
    'arn:aws-us-gov:sts::123456789012:assumed-role/node-web/*',
    'arn:aws-iso-b:iam::123456789012:role/node',
  ])('may be %s', (pattern) => {
    expect(parsePrincipalPattern(pattern)).toEqual({ ok: true, value: pattern });
  });

  it.each([
    ['nothing', '', 'must be the ARN'],
    ['everything', '*', 'must be the ARN'],
    ['no ARN', 'node-*', 'must be the ARN'],
    ['an ARN cut short', 'arn:aws:iam::123456789012', 'must be the ARN'],
    ['an ARN with a colon more', `${IAM}:role/node:*`, 'must be the ARN'],
    ['a scheme in capitals', 'ARN:aws:iam::123456789012:role/node', 'must be the ARN'],
    ['space before it', ` ${IAM}:role/node`, 'must be the ARN'],
    ['any partition', 'arn:*:iam::123456789012:role/node', 'partition'],
    ['a partition with *', 'arn:aws*:iam::123456789012:role/node', 'partition'],
    ['a partition that is none', 'arn:awsx:iam::123456789012:role/node', 'partition'],
    ['no partition', 'arn::iam::123456789012:role/node', 'partition'],
    ['any account', 'arn:aws:iam::*:role/node', '12 digits'],
    ['an account with *', 'arn:aws:iam::12345678901*:role/node', '12 digits'],
    ['no account', 'arn:aws:iam:::role/node', '12 digits'],
    ['an account that is too short', 'arn:aws:iam::12345678901:role/node', '12 digits'],
    ['an account of other digits', 'arn:aws:iam::１２３４５６７８９０１２:role/node', '12 digits'],
    ['an account and a newline', 'arn:aws:iam::123456789012\n:role/node', '12 digits'],
    ['a region', 'arn:aws:iam:eu-west-1:123456789012:role/node', 'no region'],
    ['any region', 'arn:aws:iam:*:123456789012:role/node', 'no region'],
    ['any service', 'arn:aws:*::123456789012:role/node', 'must be of a role or a user'],
    ['another service', 'arn:aws:ec2::123456789012:role/node', 'must be of a role or a user'],
    ['the root', `${IAM}:root`, 'must be of a role or a user'],
    ['everybody of an account', `${IAM}:*`, 'must be of a role or a user'],
    ['any kind', `${IAM}:*/node`, 'must be of a role or a user'],
    ['a kind with *', `${IAM}:ro*/node`, 'must be of a role or a user'],
    ['a kind in capitals', `${IAM}:Role/node`, 'must be of a role or a user'],
    ['a group', `${IAM}:group/node`, 'must be of a role or a user'],
    ['a federated user', `${STS}:federated-user/somebody`, 'must be of a role or a user'],
    ['a role of sts', `${STS}:role/node`, 'must be of a role or a user'],
    ['an assumed role of iam', `${IAM}:assumed-role/node/i-1`, 'must be of a role or a user'],
    ['a role without a name', `${IAM}:role`, 'must be of a role or a user'],
    ['a role with an empty name', `${IAM}:role/`, 'names of letters'],
    ['a role with its path', `${IAM}:role/nodes/node-web`, "leave out the role's path"],
    ['a role with any path', `${IAM}:role/*/node-web`, "leave out the role's path"],
    ['a path that is empty', `${IAM}:user//ci`, 'names of letters'],
    ['a user that ends in /', `${IAM}:user/ci/`, 'names of letters'],
    ['an assumed role without a session', `${STS}:assumed-role/node`, 'without its path and a session'],
    ['an assumed role with a path', `${STS}:assumed-role/nodes/node/i-1`, 'without its path and a session'],
    ['a newline at its end', `${IAM}:role/node-*\n`, 'names of letters'],
    ['a NUL', `${IAM}:role/node\u0000`, 'names of letters'],
    ['a letter that looks like another', `${IAM}:role/nоde`, 'names of letters'],
    ['a question mark', `${IAM}:role/node-?`, 'names of letters'],
    ['a policy variable', `${IAM}:user/$\{aws:username}`, 'must be the ARN'],
    ['too much', `${IAM}:user/${'a/'.repeat(320)}b`, 'at most 640 characters'],
  ])('may not be %s', (_name, pattern, rule) => {
    expect(ruleOf(parsePrincipalPattern(pattern))).toContain(rule);
  });
});

describe('a caller', () => {
  it.each([
    [`${IAM}:role/node-*`, `${STS}:assumed-role/node-web/i-0123456789abcdef0`],
    [`${IAM}:role/node-*`, `${STS}:assumed-role/node-/i-1`],
    [`${IAM}:role/node-web`, `${STS}:assumed-role/node-web/i-1`],
    [`${IAM}:role/*`, `${STS}:assumed-role/anything/session`],
    [`${IAM}:role/a*b*c`, `${STS}:assumed-role/abbbc/session`],
    [`${IAM}:role/a*bc*bc`, `${STS}:assumed-role/abcbc/session`],
    [`${IAM}:role/**web`, `${STS}:assumed-role/web/session`],
    [`${STS}:assumed-role/node-web/i-*`, `${STS}:assumed-role/node-web/i-0123456789abcdef0`],
    [`${STS}:assumed-role/node-*/i-1`, `${STS}:assumed-role/node-web/i-1`],
    [`${IAM}:user/ci`, `${IAM}:user/ci`],
    [`${IAM}:user/teams/*/ci`, `${IAM}:user/teams/build/ci`],
    ['arn:aws-cn:iam::123456789012:role/node-*', 'arn:aws-cn:sts::123456789012:assumed-role/node-web/i-1'],
    ['arn:aws-us-gov:iam::123456789012:role/node-*', 'arn:aws-us-gov:sts::123456789012:assumed-role/node-web/i-1'],
  ])('%s is %s', (pattern, arn) => {
    expect(matches(pattern, arn)).toBe(true);
  });

  it.each([
    ['another role', `${IAM}:role/node-*`, `${STS}:assumed-role/web-node/i-1`],
    ['a name that only begins so', `${IAM}:role/node`, `${STS}:assumed-role/node-web/i-1`],
    ['a name that only ends so', `${IAM}:role/node`, `${STS}:assumed-role/my-node/i-1`],
    ['a name in capitals', `${IAM}:role/node-*`, `${STS}:assumed-role/Node-web/i-1`],
    ['ends that overlap', `${IAM}:role/ab*ba`, `${STS}:assumed-role/aba/i-1`],
    ['a part that is not there', `${IAM}:role/a*b*c`, `${STS}:assumed-role/acc/i-1`],
    ['another account', `${IAM}:role/node-*`, 'arn:aws:sts::210987654321:assumed-role/node-web/i-1'],
    ['another partition', `${IAM}:role/node-*`, 'arn:aws-cn:sts::123456789012:assumed-role/node-web/i-1'],
    ['another session', `${STS}:assumed-role/node-web/i-*`, `${STS}:assumed-role/node-web/somebody`],
    ['a session that is named like the role', `${IAM}:role/node-web`, `${STS}:assumed-role/other/node-web`],
    ['a user that is named like the role', `${IAM}:role/node-web`, `${IAM}:user/node-web`],
    ['a role that is named like the user', `${IAM}:user/ci`, `${STS}:assumed-role/ci/ci`],
    ['a user of another path', `${IAM}:user/ci`, `${IAM}:user/teams/ci`],
    ['a user further down', `${IAM}:user/teams/*`, `${IAM}:user/teams/build/ci`],
    ['a session with a / more', `${IAM}:role/node-*`, `${STS}:assumed-role/node-x/../`],
    ['a session with a path', `${IAM}:role/node-*`, `${STS}:assumed-role/node-x/../admin`],
    ['a role that goes on in its session', `${IAM}:role/node-*`, `${STS}:assumed-role/node-x`],
    ['an empty role', `${IAM}:role/*`, `${STS}:assumed-role//i-1`],
    ['an empty session', `${IAM}:role/*`, `${STS}:assumed-role/node/`],
    ['a newline', `${IAM}:role/node-*`, `${STS}:assumed-role/node-\n/i-1`],
    ['a newline at the end', `${IAM}:role/node-*`, `${STS}:assumed-role/node-x/i-1\n`],
    ['a name of other letters', `${IAM}:role/node-*`, `${STS}:assumed-role/node-ｘ/i-1`],
    ['a * in its own name', `${IAM}:role/node-*`, `${STS}:assumed-role/node-*/i-1`],
    ['a role that nobody has assumed', `${IAM}:role/node-*`, `${IAM}:role/node-web`],
    ['the root', `${IAM}:role/*`, `${IAM}:root`],
    ['a federated user', `${IAM}:user/*`, `${STS}:federated-user/ci`],
    ['a region', `${IAM}:role/*`, 'arn:aws:sts:eu-west-1:123456789012:assumed-role/node/i-1'],
    ['a second ARN behind the first', `${IAM}:role/*`, `${STS}:assumed-role/node/i-1:${IAM}`],
    ['too long a text', `${IAM}:user/*`, `${IAM}:user/${'a'.repeat(1024)}`],
    ['no text', `${IAM}:role/*`, ''],
  ])('is not matched when it is or has %s', (_name, pattern, arn) => {
    expect(matches(pattern, arn)).toBe(false);
  });

  it.each(['*', 'arn:aws:iam::*:role/*', `${IAM}:*`, 'arn:*:*:*:*:*', `${IAM}:role*`])(
    'is not matched by %s, should that ever stand in a catalogue',
    (pattern) => {
      const caller = parseCallingPrincipal(`${STS}:assumed-role/node-web/i-1`);
      expect(caller !== undefined && principalMatches(pattern, caller)).toBe(false);
    },
  );

  it.each([
    [`${STS}:assumed-role/node-web/i-1`, `${IAM}:role/node-web`],
    [`${IAM}:user/teams/ci`, `${IAM}:user/teams/ci`],
    [`${IAM}:root`, undefined],
  ])('%s could be bound as %s', (arn, bindable) => {
    const caller = parseCallingPrincipal(arn);
    expect(caller === undefined ? undefined : bindablePrincipal(caller)).toBe(bindable);
    expect(bindable === undefined || matches(bindable, arn)).toBe(true);
  });

  it('is told apart quickly from patterns that are made to be slow', () => {
    const pattern = `${IAM}:user/${'*a'.repeat(300)}b`;
    const caller = parseCallingPrincipal(`${IAM}:user/${'a'.repeat(900)}`);
    if (caller === undefined) throw new Error('no caller');
    const startedAt = performance.now();
    for (let round = 0; round < 100; round += 1) expect(principalMatches(pattern, caller)).toBe(false);
    // A backtracking matcher needs ages for a single one.
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
