/** Which images and hosts a policy test is about, and which policies it tries: from the command line, files and the record. */
import { usageFailure } from '../command-failure.ts';
import type { CommandContext } from '../command-context.ts';
import {
  decisionsSeen,
  DEFAULT_MOST_DECISIONS,
  DEFAULT_SINCE,
  isHostOnly,
  sinceOf,
  type SeenDecisions,
} from '../decisions-seen.ts';
import { withProgress } from '../print.ts';
import { readText } from '../secret-input.ts';
import type { Terminal } from '../terminal.ts';
import { fieldsOf, readPolicy } from './policy-change.ts';
import { readPolicyFile } from './policy-file.ts';
import { fieldsNamed, type PolicyFieldFlags } from './policy-set.ts';

export interface TestFlags extends PolicyFieldFlags {
  readonly env?: string;
  readonly imagesFile?: string;
  readonly host?: readonly string[];
  readonly seen?: true;
  readonly since?: string;
  readonly maxDecisions?: number;
  readonly proposed?: string;
  readonly proposedOrganisation?: string;
  readonly at?: string;
}

export interface TestSubjects {
  /** Each once. */
  readonly images: readonly string[];
  readonly hosts: readonly string[];
  /** Where the record was asked what hosts want. */
  readonly seen: SeenDecisions | undefined;
}

export async function subjectsOf(
  images: readonly string[],
  flags: TestFlags,
  { api, terminal }: CommandContext,
): Promise<TestSubjects> {
  const { env, imagesFile, host: hosts = [], seen: fromRecord } = flags;
  if (fromRecord === undefined && (flags.since ?? flags.maxDecisions) !== undefined) {
    throw usageFailure('--since and --max-decisions go with --seen');
  }
  if (fromRecord === true && env === undefined) throw usageFailure('--seen is about one environment', 'give --env');
  const listed = imagesFile === undefined ? [] : await imagesIn(imagesFile, terminal);
  const { since = DEFAULT_SINCE, maxDecisions: most = DEFAULT_MOST_DECISIONS } = flags;
  const query = { env: env ?? '', since: sinceOf(since, terminal.now()), all: true, most };
  const seen =
    fromRecord === undefined
      ? undefined
      : await withProgress(terminal, 'reading what hosts asked for', () => decisionsSeen(api, query));
  const asked = seen?.items.map(({ image }) => image) ?? [];
  return {
    images: [...new Set([...images, ...listed, ...asked.filter((image) => !isHostOnly(image))])],
    hosts: [...new Set([...hosts, ...asked.filter(isHostOnly)])],
    seen,
  };
}

/** One a line; blank lines and those that begin with # are left out. */
async function imagesIn(file: string, terminal: Terminal): Promise<readonly string[]> {
  const lines = (await readText(file, terminal)).split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

/** What is tried in place of the present policies; undefined where nothing is. */
export async function proposalOf(
  flags: TestFlags,
  { api, terminal }: CommandContext,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { env, proposed: file, proposedOrganisation: organisationFile } = flags;
  const fields = fieldsNamed(flags);
  const named = Object.keys(fields).length > 0;
  if (named && file !== undefined) {
    throw usageFailure('--proposed is a whole policy', 'put the other fields into the file');
  }
  if (env === undefined && organisationFile !== undefined) {
    throw usageFailure('without --env it is the organisation’s policy that --proposed is for', 'give --proposed');
  }
  const own = named
    ? { ...fieldsOf((await readPolicy(env, api)).policy), ...fields }
    : file === undefined
      ? undefined
      : (await readPolicyFile(file, env, terminal)).body;
  const organisation =
    organisationFile === undefined ? undefined : (await readPolicyFile(organisationFile, undefined, terminal)).body;
  if (env === undefined) return own === undefined ? undefined : { organisation: own };
  if (own === undefined && organisation === undefined) return undefined;
  return {
    ...(own === undefined ? {} : { environment: own }),
    ...(organisation === undefined ? {} : { organisation }),
  };
}
