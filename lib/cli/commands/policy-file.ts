/** A policy from a JSON file: as `policy show --json` prints it, or only what is to be set. */
import * as z from 'zod/mini';
import { usageFailure } from '../command-failure.ts';
import { readText } from '../secret-input.ts';
import type { Terminal } from '../terminal.ts';

export interface PolicyFile {
  /** What Pullpass takes, and whatever else is in the file: that is Pullpass's to refuse. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly revision: number | undefined;
}

/** What `policy show --json` adds to the policy itself. */
const shownPolicy = z.looseObject({
  environment: z.optional(z.nullable(z.string())),
  revision: z.optional(z.number()),
  updatedAt: z.optional(z.unknown()),
  exceptions: z.optional(z.unknown()),
});
const shownExceptions = z.array(z.looseObject({ ended: z.optional(z.boolean()) }));

/** @param env undefined: the organisation's. A file that says that it is another's is refused. */
export async function readPolicyFile(file: string, env: string | undefined, terminal: Terminal): Promise<PolicyFile> {
  const parsed = z.safeParse(shownPolicy, parseJson(await readText(file, terminal)));
  if (!parsed.success) throw usageFailure(`${file} is not a policy in JSON`, 'see `pullpass policy show --json`');
  const { environment, revision, updatedAt: _shown, ...body } = parsed.data;
  if (environment !== undefined && environment !== (env ?? null)) {
    throw usageFailure(
      `${file} holds the policy of ${environment ?? 'the organisation'}, not of ${env ?? 'the organisation'}`,
      'take "environment" and "revision" out of it to set it elsewhere',
    );
  }
  const exceptions = z.safeParse(shownExceptions, body.exceptions);
  if (!exceptions.success) return { body, revision };
  return {
    body: { ...body, exceptions: exceptions.data.map(({ ended: _seen, ...exception }) => exception) },
    revision,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
