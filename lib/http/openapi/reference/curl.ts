/**
 * An operation as a line for a shell. The token goes in by a configuration on standard input and the body by a file: what
 * stands on a command line, every user of the machine can read.
 */
import type { Operation, Parameter } from './shape.ts';

const BASE = 'https://pullpass.example';
const TOKEN = `printf 'header = "authorization: Bearer %s"' "$(cat TOKEN_FILE)" |`;
const SIGNATURE = [
  String.raw`printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' \ `.trim(),
  `  "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN" |`,
];

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  /** Where the body's example stands, if the operation takes one. */
  readonly bodyFile: string | undefined;
}

export function curlLines({ method, path, operation, bodyFile }: Call): string {
  const schemes = operation.security.flatMap((scheme) => Object.keys(scheme));
  const options = [
    '-sS',
    ...(schemes.length === 0 ? [] : ['-K -']),
    ...(schemes.includes('sigv4') ? ['--aws-sigv4 aws:amz:REGION:execute-api'] : []),
    ...(method === 'get' || (method === 'post' && bodyFile !== undefined) ? [] : [`-X ${method.toUpperCase()}`]),
    ...headerOptions(operation.parameters ?? []),
    ...(bodyFile === undefined ? [] : [`--data-binary @${bodyFile}`]),
  ];
  const command = `curl ${options.join(' ')} \\\n  ${quoted(BASE + withExamples(path, operation.parameters ?? []))}`;
  return [...prefix(schemes, operation), command].join('\n');
}

function prefix(schemes: readonly string[], { description }: Operation): readonly string[] {
  if (schemes.includes('sigv4')) return SIGNATURE;
  if (schemes.length === 0) return [];
  return [TOKEN.replace('TOKEN_FILE', /\bagent\b/.test(description) ? 'agent.token' : 'admin.token')];
}

function headerOptions(parameters: readonly Parameter[]): readonly string[] {
  return parameters
    .filter((parameter) => parameter.in === 'header')
    .map((parameter) => `-H ${quoted(`${parameter.name}: ${exampleOf(parameter)}`)}`);
}

function withExamples(path: string, parameters: readonly Parameter[]): string {
  return path.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const parameter = parameters.find((each) => each.in === 'path' && each.name === name);
    return parameter === undefined ? whole : exampleOf(parameter);
  });
}

function exampleOf({ name, schema }: Parameter): string {
  const [example] = schema.examples ?? [];
  return typeof example === 'string' ? example : name.toUpperCase();
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
