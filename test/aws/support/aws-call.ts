/** Calls of AWS services whose clients the product has no use for, signed by curl as somebody at a shell would. */
import type { Outcome } from '../../clients/support/run.ts';
import { runCommand } from '../../clients/support/run.ts';
import { tool } from '../../clients/support/tools.ts';
import type { Workspace } from '../../clients/support/workspace.ts';
import { ROOT, type Account, type Keys } from './account.ts';
import { REGION } from './deployment-names.ts';

export interface SignedRequest {
  readonly url: string;
  /** What the signature is for: `iam`, `logs`, `execute-api`. */
  readonly service: string;
  /** Posted; none: the request is a GET. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly keys?: Keys;
  /** The answer is a secret: it is not kept. */
  readonly printsSecrets?: true;
}

/** stdout is the answer's body, then a line with the status. The keys go in by standard input. */
export function signed(workspace: Workspace, account: Account, request: SignedRequest): Promise<Outcome> {
  const { accessKeyId, secretAccessKey, sessionToken } = request.keys ?? ROOT;
  const headers = {
    ...request.headers,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const lines = [
    `url = "${request.url}"`,
    `user = "${accessKeyId}:${secretAccessKey}"`,
    `aws-sigv4 = "aws:amz:${REGION}:${request.service}"`,
    ...Object.entries(headers).map(([name, value]) => `header = "${name}: ${value}"`),
    `write-out = "\\n%{http_code}"`,
  ];
  return runCommand(workspace, {
    name: `signed-${request.service}`,
    command: tool('curl'),
    parameters: [
      '-q',
      '-sS',
      '--cacert',
      account.authorityFile,
      '-K',
      '-',
      ...(request.body === undefined ? [] : ['--data-raw', request.body]),
    ],
    stdin: `${lines.join('\n')}\n`,
    ...(request.printsSecrets === undefined ? {} : { printsSecrets: true }),
  });
}

/** The query protocol of IAM and CloudFormation. Answers XML; throws unless it succeeds. */
export async function query(
  workspace: Workspace,
  account: Account,
  call: { readonly service: string; readonly parameters: Readonly<Record<string, string>> },
): Promise<string> {
  const body = new URLSearchParams(call.parameters).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return succeeded(await signed(workspace, account, { ...call, url: `${account.endpoint}/`, body, headers }));
}

/** The JSON protocol of CloudWatch Logs and others. Throws unless it succeeds. */
export async function target(
  workspace: Workspace,
  account: Account,
  call: { readonly service: string; readonly target: string; readonly input: unknown },
): Promise<unknown> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': call.target };
  const body = JSON.stringify(call.input);
  const request = { service: call.service, url: `${account.endpoint}/`, body, headers };
  const answer: unknown = JSON.parse(succeeded(await signed(workspace, account, request)));
  return answer;
}

/** A service with paths of its own, such as Scheduler. */
export async function list(
  workspace: Workspace,
  account: Account,
  call: { readonly service: string; readonly path: string },
): Promise<unknown> {
  const request = { service: call.service, url: `${account.endpoint}${call.path}` };
  const answer: unknown = JSON.parse(succeeded(await signed(workspace, account, request)));
  return answer;
}

/** The body of an answer with a status of success. */
function succeeded({ exitCode, stdout, stderr }: Outcome): string {
  const { status, text } = answerOf(stdout);
  if (exitCode !== 0 || status !== 200) throw new Error(`AWS answered ${status}: ${text}${stderr}`);
  return text;
}

export function answerOf(stdout: string): { readonly status: number; readonly text: string } {
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
}
