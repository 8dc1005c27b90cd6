/** `pullpass registry add`. */
import { Option, type Command } from 'commander';
import { findPreset, REGISTRY_PRESETS, type RegistryPreset } from '../../sources/registry-presets.ts';
import { registryAnswer, type RegistryAnswer } from '../answers.ts';
import { expectAnswer, type CallApi } from '../api-client.ts';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { warningWords } from '../login-advice.ts';
import { allItems } from '../pages.ts';
import { printJson, printLine, remark, withProgress } from '../print.ts';
import { settingsDocument, withRegistryOptions, type SettingFlags, type SourceFlags } from './registry-options.ts';
import { credentialWords } from './registry-print.ts';
import { inferKind, KINDS, sourceDocument } from './registry-source.ts';

interface AddFlags extends SettingFlags, SourceFlags {
  readonly kind?: string;
  readonly preset?: string;
}

const EXAMPLES = `
Examples:
  pullpass registry add quay.io --env prod --username team+pull
  pullpass registry add --preset docker-hub --username me --password-file token.txt
  pullpass registry add 123456789012.dkr.ecr.eu-central-1.amazonaws.com --role-arn arn:aws:iam::123456789012:role/pull
  pullpass registry add europe-docker.pkg.dev --key-file service-account.json
  pullpass registry add harbor.example:5000/team --ca ca.pem --probe team/app --username 'robot$pull' --password-stdin`;

export function addRegistryAdd(registry: Command, contextOf: ContextOf): void {
  const command = registry
    .command('add')
    .description('add a registry: log in to it first, then store it')
    .argument('[address]', 'host[:port][/path]; not needed with --preset')
    .addOption(new Option('--preset <name>', 'a ready-made choice').choices(REGISTRY_PRESETS.map(({ id }) => id)))
    .addOption(new Option('--kind <kind>', 'where its credential comes from; default: from the rest').choices(KINDS));
  withRegistryOptions(command)
    .addHelpText('after', `\nWithout --env every environment may use it, those yet to come included.\n${EXAMPLES}`)
    .action(async (address: string | undefined, flags: AddFlags, self: Command) => {
      await addRegistry(address, flags, contextOf(self));
    });
}

async function addRegistry(
  givenAddress: string | undefined,
  flags: AddFlags,
  { api, json, terminal }: CommandContext,
): Promise<void> {
  const preset = flags.preset === undefined ? undefined : findPreset(flags.preset);
  const address = givenAddress ?? preset?.address;
  if (address === undefined) {
    throw usageFailure('the address is missing', 'give host[:port][/path], or --preset for a well-known one');
  }
  const kind = flags.kind ?? inferKind(address, flags, preset);
  const source = await sourceDocument(
    { kind, address, flags, editing: false, preset: presetOf(kind, preset) },
    terminal,
  );
  const settings = await settingsDocument(flags, terminal);
  const body = { address, environments: ['*'], ...settings, source };
  const document = await withProgress(terminal, `logging in to ${address}`, () =>
    api({ method: 'POST', path: '/v1/registries', body }),
  );
  if (json) {
    printJson(terminal, document);
    return;
  }
  const added = expectAnswer(registryAnswer, document);
  const { status, warning } = added.verification ?? {};
  printLine(terminal, `added ${added.address} (${added.id})`);
  printLine(terminal, `  login: ${status ?? 'not tried'}; credential: ${credentialWords(added, terminal.now())}`);
  printLine(terminal, `  for: ${environmentWords(added.environments)}`);
  if (warning) remark(terminal, warningWords(warning, added.id));
  for (const id of await replacedBy(added, api)) {
    remark(
      terminal,
      `it answers instead of ${id} from now on; to change that one instead: pullpass registry edit ${id}`,
    );
  }
}

/** Ids at the same address that an environment in common used until now. Not knowing them must not fail what is done. */
async function replacedBy(added: RegistryAnswer, api: CallApi): Promise<readonly string[]> {
  try {
    const documents = await allItems(api, { path: '/v1/registries', query: { address: added.address } });
    return documents
      .map((document) => expectAnswer(registryAnswer, document))
      .filter(({ id, environments }) => id !== added.id && overlap(environments, added.environments))
      .map(({ id }) => id);
  } catch (error) {
    if (error instanceof CommandFailure) return [];
    throw error;
  }
}

function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.includes('*') || others.includes('*') || some.some((environment) => others.includes(environment));
}

/** Only static sources note the choice, and only where it is one of theirs. */
function presetOf(kind: string, preset: RegistryPreset | undefined): RegistryPreset | undefined {
  return kind === 'static' && preset?.source === 'static' ? preset : undefined;
}

function environmentWords(environments: readonly string[]): string {
  return environments.includes('*') ? 'every environment' : environments.join(', ');
}
