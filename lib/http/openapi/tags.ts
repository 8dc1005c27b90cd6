/** What operations are grouped by, in the order in which a reader meets them. */
import type { Route } from '../route.ts';

const PULLING = { name: 'Pulling', description: 'What hosts call to pull images, with an agent’s token.' };
const SIGNED = {
  name: 'Pulling with an AWS identity',
  description: 'The same calls for callers that sign their requests with AWS credentials; only in an AWS account.',
};
const REGISTRIES = { name: 'Registries', description: 'Where images come from, and how to log in there.' };
const POLICIES = {
  name: 'Policies',
  description: 'Which images may be pulled, by the organisation and by environment.',
};
const AGENTS = { name: 'Agents', description: 'Who may call: hosts, people who look, people who change things.' };
const OPERATION = { name: 'Operation', description: 'How fresh everything is, who got what, who changed what.' };
const PUBLIC = { name: 'For anybody', description: 'Needs no token.' };

export const TAGS = [PULLING, SIGNED, REGISTRIES, POLICIES, AGENTS, OPERATION, PUBLIC];

/** The first that matches. */
const BY_PATH: readonly (readonly [RegExp, (typeof TAGS)[number]])[] = [
  [/^\/iam\//, SIGNED],
  [/^\/v1\/registries(?:\/|$)/, REGISTRIES],
  [/^\/v1\/(?:environments\/\{environment\}\/)?policy(?:\/|$)/, POLICIES],
  [/^\/v1\/environments\/\{environment\}\/refusals$/, POLICIES],
  [/^\/v1\/environments\/\{environment\}\//, PULLING],
  [/^\/v1\/agents(?:\/|$)/, AGENTS],
  [/^\/v1\//, OPERATION],
];

export function tagOf({ path }: Pick<Route, 'path'>): string {
  const [, tag] = BY_PATH.find(([pattern]) => pattern.test(path)) ?? [undefined, PUBLIC];
  return tag.name;
}
