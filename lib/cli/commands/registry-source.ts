/**
 * The source of a registry, as the API takes it, from options, files, standard input and prompts. Which options belong
 * to which kind is said here; what their values must be is Pullpass's to say.
 */
import { parseAddress } from '../../domain/address.ts';
import { parseEcrHost } from '../../domain/ecr-host.ts';
import { parseKeyFile } from '../../domain/key-file-text.ts';
import { shortLivedLogin } from '../../domain/short-lived-login.ts';
import { isGoogleHost } from '../../domain/google-host.ts';
import type { RegistryPreset } from '../../sources/registry-presets.ts';
import { usageFailure } from '../command-failure.ts';
import { remark } from '../print.ts';
import { isSecretGiven, readSecret, readText } from '../secret-input.ts';
import { canAsk, type Terminal } from '../terminal.ts';
import type { SourceFlags } from './registry-options.ts';

export const KINDS = ['static', 'ecr', 'google'] as const;
export type Kind = (typeof KINDS)[number];

const FLAGS_OF: Readonly<Record<Kind, readonly (readonly [keyof SourceFlags, string])[]>> = {
  static: [
    ['username', '--username'],
    ['passwordStdin', '--password-stdin'],
    ['passwordFile', '--password-file'],
  ],
  google: [
    ['keyFile', '--key-file'],
    ['upstream', '--upstream'],
  ],
  ecr: [
    ['roleArn', '--role-arn'],
    ['upstream', '--upstream'],
    ['repositories', '--repositories'],
    ['accessKeyId', '--access-key-id'],
    ['secretAccessKeyStdin', '--secret-access-key-stdin'],
    ['secretAccessKeyFile', '--secret-access-key-file'],
  ],
};

export function inferKind(address: string, flags: SourceFlags, preset: RegistryPreset | undefined): Kind {
  if (preset !== undefined && flags.username === undefined) return preset.source;
  const { upstream, ...own } = flags;
  const told = KINDS.find((kind) => FLAGS_OF[kind].some(([flag]) => flag !== 'upstream' && own[flag] !== undefined));
  if (told !== undefined) return told;
  if (upstream !== undefined) return isGoogleHost(upstream) ? 'google' : 'ecr';
  const parsed = parseAddress(address);
  return parsed.ok && parseEcrHost(parsed.value.host) !== undefined ? 'ecr' : 'static';
}

export function hasSourceFlags(flags: SourceFlags): boolean {
  return KINDS.some((kind) => FLAGS_OF[kind].some(([flag]) => flags[flag] !== undefined));
}

export interface SourceRequest {
  readonly kind: string;
  readonly address: string;
  readonly flags: SourceFlags;
  /** In an edit, what is left out stays as it is. */
  readonly editing: boolean;
  readonly preset?: RegistryPreset | undefined;
}

export async function sourceDocument(request: SourceRequest, terminal: Terminal): Promise<Record<string, unknown>> {
  const kind = KINDS.find((known) => known === request.kind);
  refuseForeignFlags(kind, request.flags);
  switch (kind) {
    case 'static':
      return await staticDocument(request, terminal);
    case 'google':
      return await googleDocument(request, terminal);
    case 'ecr':
      return await ecrDocument(request, terminal);
    case undefined:
      throw usageFailure(`${request.kind} is no source kind of this command`, `it must be one of ${KINDS.join(', ')}`);
  }
}

function refuseForeignFlags(kind: Kind | undefined, flags: SourceFlags): void {
  if (kind === undefined) return;
  const own = FLAGS_OF[kind].map(([flag]) => flag);
  const foreign = KINDS.flatMap((other) => FLAGS_OF[other]).find(
    ([flag]) => flags[flag] !== undefined && !own.includes(flag),
  );
  if (foreign === undefined) return;
  throw usageFailure(`${foreign[1]} does not belong to a registry of the kind ${kind}`);
}

async function staticDocument(request: SourceRequest, terminal: Terminal): Promise<Record<string, unknown>> {
  const { address, flags, editing, preset } = request;
  const { username } = flags;
  if (username === undefined && !editing) {
    throw usageFailure(
      `the user name for ${address} is missing`,
      preset === undefined ? 'give it by --username' : `give it by --username: ${preset.username}`,
    );
  }
  // Asked for in every edit that comes here: a stored password is for the stored user name only.
  const given = { fromStdin: flags.passwordStdin, file: flags.passwordFile };
  if (preset !== undefined && !isSecretGiven(given) && canAsk(terminal)) remark(terminal, `Give ${preset.password}.`);
  const password = await readSecret({ name: `password for ${address}`, option: 'password', ...given }, terminal);
  remarkShortLived({ address, username, password: password.reveal() }, terminal);
  return {
    kind: 'static',
    ...(username === undefined ? {} : { username }),
    ...(preset === undefined ? {} : { preset: preset.id }),
    password: password.reveal(),
  };
}

/** What is certain to expire is refused by Pullpass; what only looks like it is the administrator's to know. */
function remarkShortLived(
  login: { readonly address: string; readonly username: string | undefined; readonly password: string },
  terminal: Terminal,
): void {
  const address = parseAddress(login.address);
  if (!address.ok) return;
  const { username = '', password } = login;
  const found = shortLivedLogin({ host: address.value.host, username, password });
  if (found?.certain === false) remark(terminal, `note: this is ${found.what}; ${found.instead}`);
}

async function googleDocument({ flags }: SourceRequest, terminal: Terminal): Promise<Record<string, unknown>> {
  const { keyFile, upstream } = flags;
  if (keyFile === undefined) throw usageFailure('the service account key is missing', 'give its file by --key-file');
  const key = parseKeyFile(await readText(keyFile, terminal));
  if (key !== undefined) {
    return { kind: 'google', ...(upstream === undefined ? {} : { upstream: orNull(upstream) }), key };
  }
  throw usageFailure(
    keyFile === '-' ? 'standard input is not JSON' : `${keyFile} is not JSON`,
    'give the key file as Google made it, or its base64',
  );
}

async function ecrDocument({ flags, address }: SourceRequest, terminal: Terminal): Promise<Record<string, unknown>> {
  const { roleArn, upstream, repositories, accessKeyId } = flags;
  const given = { fromStdin: flags.secretAccessKeyStdin, file: flags.secretAccessKeyFile };
  const wanted = isSecretGiven(given) || (accessKeyId ?? '') !== '';
  const name = `secret access key for ${address}`;
  const secret = wanted ? await readSecret({ name, option: 'secret-access-key', ...given }, terminal) : undefined;
  return {
    kind: 'ecr',
    ...(upstream === undefined ? {} : { upstream: orNull(upstream) }),
    ...(roleArn === undefined ? {} : { roleArn: orNull(roleArn) }),
    ...(repositories === undefined ? {} : { repositories: repositories.length === 0 ? null : repositories }),
    ...(accessKeyId === undefined ? {} : { accessKeyId: orNull(accessKeyId) }),
    ...(secret === undefined ? {} : { secretAccessKey: secret.reveal() }),
  };
}

/** An empty value takes the setting away. */
function orNull(text: string): string | null {
  return text === '' ? null : text;
}
