/** From Pullpass's problem documents (RFC 9457) to what a person at a terminal reads: what, and what to do. */
import * as z from 'zod/mini';
import { CommandFailure } from './command-failure.ts';
import { EXIT, exitCodeOfStatus } from './exit-codes.ts';
import { optionAgainst } from './login-advice.ts';

const problemDocument = z.looseObject({
  code: z.string(),
  detail: z.optional(z.string()),
  title: z.optional(z.string()),
  errors: z.optional(z.array(z.looseObject({ field: z.string(), rule: z.string() }))),
  verification: z.optional(z.looseObject({ status: z.string() })),
});

type ProblemDocument = z.infer<typeof problemDocument>;

/** Which option a field of the API came from, where its name does not say it. */
const OPTION_OF_FIELD: Readonly<Record<string, string>> = {
  environments: '--env',
  expiresOn: '--expires-on',
  source: '--password-stdin, --password-file, --key-file, --secret-access-key-stdin or --secret-access-key-file',
  'source.kind': '--kind',
  'source.username': '--username',
  'source.password': '--password-stdin, --password-file',
  'source.preset': '--preset',
  'source.key': '--key-file',
  'source.roleArn': '--role-arn',
  'source.upstream': '--upstream',
  'source.repositories': '--repositories',
  'source.accessKeyId': '--access-key-id',
  'source.secretAccessKey': '--secret-access-key-stdin, --secret-access-key-file',
  tls: '--ca, --skip-verify, --plain-http',
  'tls.ca': '--ca',
  'tls.plainHttp': '--plain-http',
  'tls.skipVerify': '--skip-verify',
  'probe.repository': '--probe',
  trustedRealms: '--trusted-realm',
  email: '--email',
  description: '--description',
  expiresAt: '--expires-in, --expires-at',
  name: 'NAME',
  image: 'IMAGE',
};

/** Where the API's own sentence speaks of requests and headers. */
const WHAT: Readonly<Record<string, string>> = {
  unauthenticated: 'the token is not valid: unknown, revoked, past its end or cut off',
};

export function problemFailure(answer: {
  readonly status: number;
  readonly body: unknown;
  readonly tokenSource: string;
}): CommandFailure {
  const { status, body, tokenSource } = answer;
  const parsed = z.safeParse(problemDocument, body);
  if (!parsed.success) return notPullpass(status);
  const { code, detail, title } = parsed.data;
  return new CommandFailure({
    exitCode: exitCodeOfStatus(status),
    what: WHAT[code] ?? detail ?? title ?? `Pullpass answered ${status} (${code})`,
    advice: adviceOn(parsed.data, tokenSource),
    code,
  });
}

/** Neither the body nor its size is shown: it is not ours, and nobody knows what it holds. */
export function notPullpass(status: number): CommandFailure {
  return new CommandFailure({
    exitCode: EXIT.unavailable,
    what: `the answer (HTTP ${status}) is not Pullpass's`,
    advice: 'look whether PULLPASS_URL is right, and what stands in front of Pullpass',
  });
}

function adviceOn(problem: ProblemDocument, tokenSource: string): string | undefined {
  switch (problem.code) {
    case 'unauthenticated':
      return `the token came from ${tokenSource}`;
    case 'role_required':
    case 'environment_not_allowed':
    case 'export_not_allowed':
      return `use another token: this one came from ${tokenSource}`;
    case 'verification_failed':
      return optionAgainst({ status: problem.verification?.status ?? '', advice: problem.detail ?? '' });
    case 'revision_conflict':
      return 'look at it again, then repeat the command';
    case 'route_not_found':
      return 'look whether PULLPASS_URL is right; a Pullpass older than this command may not know this yet';
    case 'denied':
      return 'see why with `pullpass explain`, and change it with `pullpass policy`';
    case 'unreadable_row':
      return 'delete it by its id (`registry delete`, `agent delete`), or set the whole policy with `policy set --file`';
    case 'store_unavailable':
      return 'if it stays so, look at the log of `pullpass serve`';
    default:
      return optionsMeant(problem);
  }
}

function optionsMeant(problem: ProblemDocument): string | undefined {
  const [error] = problem.errors ?? [];
  if (error === undefined) return undefined;
  const option = OPTION_OF_FIELD[error.field.replaceAll(/\[\d+\]/g, '')];
  return option === undefined ? undefined : `that is ${option}`;
}
