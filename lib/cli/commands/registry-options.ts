/** What can be said of a registry on the command line, and the API's document that comes of it. */
import type { Command } from 'commander';
import { readText } from '../secret-input.ts';
import { usageFailure } from '../command-failure.ts';
import { collect } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';

export interface SettingFlags {
  readonly env?: readonly string[];
  readonly ca?: string;
  readonly skipVerify?: true;
  readonly plainHttp?: true;
  readonly systemCa?: true;
  readonly probe?: string;
  readonly trustedRealm?: readonly string[];
  readonly email?: string;
  readonly description?: string;
  readonly expiresOn?: string;
  readonly verify: boolean;
}

export interface SourceFlags {
  readonly username?: string;
  readonly passwordStdin?: true;
  readonly passwordFile?: string;
  readonly keyFile?: string;
  readonly roleArn?: string;
  readonly upstream?: string;
  readonly repositories?: readonly string[];
  readonly accessKeyId?: string;
  readonly secretAccessKeyStdin?: true;
  readonly secretAccessKeyFile?: string;
}

export function withRegistryOptions(command: Command): Command {
  return command
    .optionsGroup('Source, static:')
    .option('--username <name>', 'user name; the password is asked for, or given by one of the next two')
    .option('--password-stdin', 'read the password from standard input')
    .option('--password-file <file>', 'read the password from a file')
    .option('--expires-on <date>', 'last day (UTC, YYYY-MM-DD) that it works at its vendor: warned of before it')
    .optionsGroup('Source, ecr or google:')
    .option('--upstream <host>', 'the host of ECR or Google behind an address of your own')
    .optionsGroup('Source, google:')
    .option('--key-file <file>', 'service account key (JSON); - for standard input')
    .optionsGroup('Source, ecr:')
    .option('--role-arn <arn>', 'role to assume, with the external id that `registry show` names')
    .option('--repositories <names>', 'narrow the role to these repositories; commas or repeated', collect)
    .option('--access-key-id <id>', "an AWS access key in place of Pullpass's own identity")
    .option('--secret-access-key-stdin', 'read its secret from standard input')
    .option('--secret-access-key-file <file>', 'read its secret from a file')
    .optionsGroup('How it is reached:')
    .option('--ca <file>', 'certificate authority (PEM) of the registry')
    .option('--skip-verify', 'do not verify its certificate')
    .option('--plain-http', 'no TLS at all')
    .option('--probe <repository>', 'a repository that the credential must be able to pull from')
    .option('--trusted-realm <host>', 'further host that may ask for the credential; repeatable', collect)
    .option('--no-verify', 'store it without logging in first')
    .optionsGroup('Options:')
    .option('--env <name>', "environment that may use it; commas or repeated; '*' is every one", collect)
    .option('--email <address>', 'whom to ask about it')
    .option('--description <text>', 'what it is for');
}

/** `null` takes a setting away, in an edit: that is what an empty value means. */
export async function settingsDocument(flags: SettingFlags, terminal: Terminal): Promise<Record<string, unknown>> {
  const tls = await tlsDocument(flags, terminal);
  const { env, probe, trustedRealm, email, description, expiresOn } = flags;
  return {
    ...(env === undefined ? {} : { environments: env }),
    ...(tls === undefined ? {} : { tls }),
    ...(probe === undefined ? {} : { probe: probe === '' ? null : { repository: probe } }),
    ...(trustedRealm === undefined ? {} : { trustedRealms: trustedRealm }),
    ...(email === undefined ? {} : { email: email === '' ? null : email }),
    ...(description === undefined ? {} : { description: description === '' ? null : description }),
    ...(expiresOn === undefined ? {} : { expiresOn: ['', 'none'].includes(expiresOn) ? null : expiresOn }),
    ...(flags.verify ? {} : { verify: false }),
  };
}

async function tlsDocument(flags: SettingFlags, terminal: Terminal): Promise<Record<string, unknown> | undefined> {
  const { ca, skipVerify, plainHttp, systemCa } = flags;
  const chosen = [ca, skipVerify, plainHttp, systemCa].filter((flag) => flag !== undefined);
  if (chosen.length > 1) {
    throw usageFailure('--ca, --skip-verify, --plain-http and --system-ca exclude each other', 'give one of them');
  }
  if (ca !== undefined) return { ca: await readText(ca, terminal) };
  if (skipVerify === true) return { skipVerify: true };
  if (plainHttp === true) return { plainHttp: true };
  return systemCa === true ? {} : undefined;
}
