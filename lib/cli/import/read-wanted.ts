/** The file and its options into what it asks for: finds the format, and refuses options that it has no use for. */
import { parseAddress } from '../../domain/address.ts';
import { EVERY_ENVIRONMENT, parseEnvironmentName } from '../../domain/environment-name.ts';
import type { TlsSettings } from '../../domain/registry.ts';
import { readDaemonJson } from '../../formats/import/daemon-json.ts';
import { readDockerConfig } from '../../formats/import/docker-config.ts';
import { recogniseFormat } from '../../formats/import/file-format.ts';
import { readHostsToml } from '../../formats/import/hosts-toml.ts';
import { readKubernetesSecrets } from '../../formats/import/kubernetes-secrets.ts';
import { readOwnExport } from '../../formats/import/own-export.ts';
import { readRancherWhitelist } from '../../formats/import/rancher-whitelist.ts';
import { readRegistriesConf } from '../../formats/import/registries-conf.ts';
import { readRegistriesYaml } from '../../formats/import/registries-yaml.ts';
import {
  FILE_FORMATS,
  type FileFormat,
  type LoginOptions,
  type ReadFile,
  type Wanted,
} from '../../formats/import/wanted.ts';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { remark } from '../print.ts';
import { readText } from '../secret-input.ts';
import type { Terminal } from '../terminal.ts';
import { readBounded } from './read-file.ts';
import { certificatesBeside } from './named-certificates.ts';

export interface FormatFlags {
  readonly format?: string;
  readonly env?: readonly string[];
  readonly ca?: readonly string[];
  readonly skipVerify?: readonly string[];
  readonly plainHttp?: readonly string[];
  readonly defaultRegistry?: string;
}

export async function readWanted(file: string, flags: FormatFlags, terminal: Terminal): Promise<Wanted> {
  const { text, isOpenToOthers } = await readBounded(file, terminal);
  const format = FILE_FORMATS.find((known) => known === flags.format) ?? recogniseFormat(text);
  if (format === undefined) {
    throw usageFailure(
      'what is in the file is of no format that is known here',
      `name it: --format ${FILE_FORMATS.join(', ')}`,
    );
  }
  refuseForeignFlags(format, flags);
  const read = await readFormat(format, { file, text, flags, terminal });
  if (!read.ok) {
    const { what, advice } = read.failure;
    throw new CommandFailure({
      exitCode: EXIT.failed,
      what: `${file === '-' ? 'standard input' : file} cannot be imported: ${what}`,
      advice,
    });
  }
  const holdsSecrets = read.value.registries.some(({ source }) => source.secret !== undefined);
  if (holdsSecrets && isOpenToOthers)
    remark(terminal, `${file} holds secrets, and others of this machine can read it: chmod 600`);
  return read.value;
}

interface Request {
  readonly file: string;
  readonly text: string;
  readonly flags: FormatFlags;
  readonly terminal: Terminal;
}

async function readFormat(format: FileFormat, { file, text, flags, terminal }: Request): Promise<ReadFile> {
  switch (format) {
    case 'pullpass':
      return readOwnExport(text);
    case 'docker-config':
      return readDockerConfig(text, await loginOptions(flags, terminal));
    case 'dockerconfigjson':
      return readKubernetesSecrets(text, await loginOptions(flags, terminal));
    case 'registries-yaml':
      return readRegistriesYaml(text, { ...(await loginOptions(flags, terminal)), ...certificatesBeside(file) });
    case 'hosts-toml':
      return readHostsToml(text, { ...(await loginOptions(flags, terminal)), ...certificatesBeside(file) });
    case 'daemon-json':
      return readDaemonJson(text, policyScopes(flags));
    case 'registries-conf':
      return readRegistriesConf(text, policyScopes(flags));
    case 'rancher-whitelist':
      return readRancherWhitelist(text, { environments: policyScopes(flags), defaultRegistry: flags.defaultRegistry });
  }
}

const LOGIN_FLAGS = ['--ca', '--skip-verify', '--plain-http'];
const FOREIGN: Readonly<Record<FileFormat, readonly string[]>> = {
  pullpass: ['--env', '--default-registry', ...LOGIN_FLAGS],
  'docker-config': ['--default-registry'],
  dockerconfigjson: ['--default-registry'],
  'registries-conf': ['--default-registry', ...LOGIN_FLAGS],
  'registries-yaml': ['--default-registry'],
  'hosts-toml': ['--default-registry'],
  'daemon-json': ['--default-registry', ...LOGIN_FLAGS],
  'rancher-whitelist': LOGIN_FLAGS,
};

/** An option that does nothing would leave somebody believing that it did. */
function refuseForeignFlags(
  format: FileFormat,
  { env, ca, skipVerify, plainHttp, defaultRegistry }: FormatFlags,
): void {
  const given = new Map<string, unknown>([
    ['--env', env],
    ['--ca', ca],
    ['--skip-verify', skipVerify],
    ['--plain-http', plainHttp],
    ['--default-registry', defaultRegistry],
  ]);
  const foreign = FOREIGN[format].find((name) => given.get(name) !== undefined);
  if (foreign === undefined) return;
  const advice = foreign === '--env' ? 'an export names its environments itself' : undefined;
  throw usageFailure(`${foreign} does not go with a file in the format ${format}`, advice);
}

/** A file of logins says nothing of environments, and a login for all of them must not be an oversight. */
async function loginOptions(flags: FormatFlags, terminal: Terminal): Promise<LoginOptions> {
  const environments = flags.env ?? [];
  if (environments.length === 0) {
    throw usageFailure(
      'for which environments its logins are is not in the file',
      "give --env NAME, or --env '*' for every one",
    );
  }
  for (const name of environments) if (name !== EVERY_ENVIRONMENT) checkEnvironment(name);
  return { environments: [...new Set(environments)], tls: await tlsByHost(flags, terminal) };
}

function policyScopes({ env = [] }: FormatFlags): readonly string[] {
  for (const name of env) {
    if (name === EVERY_ENVIRONMENT)
      throw usageFailure("--env '*' is no environment with a policy", 'for the organisation leave --env out');
    checkEnvironment(name);
  }
  return [...new Set(env)];
}

function checkEnvironment(name: string): void {
  const parsed = parseEnvironmentName(name);
  if (!parsed.ok) throw usageFailure(`--env ${name} ${parsed.failure.rule}`);
}

async function tlsByHost(flags: FormatFlags, terminal: Terminal): Promise<ReadonlyMap<string, TlsSettings>> {
  const tls = new Map<string, TlsSettings>();
  const add = (written: string, settings: TlsSettings): void => {
    const address = parseAddress(written);
    if (!address.ok || address.value.path !== '')
      throw usageFailure(`${written} is no host`, 'write host or host:port');
    if (tls.has(address.value.host))
      throw usageFailure(`there are two TLS options for ${address.value.host}`, 'give one of them');
    tls.set(address.value.host, settings);
  };
  for (const host of flags.skipVerify ?? []) add(host, { skipVerify: true });
  for (const host of flags.plainHttp ?? []) add(host, { plainHttp: true });
  for (const text of flags.ca ?? []) {
    const [host, file] = splitOnce(text);
    if (file === undefined) throw usageFailure(`--ca ${text} names no file`, 'write --ca HOST=FILE');
    add(host, { ca: await readText(file, terminal) });
  }
  return tls;
}

function splitOnce(text: string): readonly [string, string | undefined] {
  const sign = text.indexOf('=');
  return sign < 0 ? [text, undefined] : [text.slice(0, sign), text.slice(sign + 1)];
}
