/** `pullpass registry edit`: what is not named stays as it is. */
import type { Command } from 'commander';
import { registryAnswer } from '../answers.ts';
import { expectAnswer, pathOf } from '../api-client.ts';
import { usageFailure } from '../command-failure.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { warningWords } from '../login-advice.ts';
import { printJson, printLine, remark, withProgress } from '../print.ts';
import { findRegistry } from './find-registry.ts';
import { settingsDocument, withRegistryOptions, type SettingFlags, type SourceFlags } from './registry-options.ts';
import { credentialWords } from './registry-print.ts';
import { hasSourceFlags, sourceDocument } from './registry-source.ts';

type EditFlags = SettingFlags & SourceFlags;

const NOTES = `
The address and the kind never change. An empty value ('') takes a setting away.
A new user name, weaker TLS or a further token host needs the secret again.
--expires-on none takes the expiry date away. A new password drops it, unless --expires-on gives the new one.`;

export function addRegistryEdit(registry: Command, contextOf: ContextOf): void {
  const command = registry
    .command('edit')
    .description('change what is named, leave the rest')
    .argument('<registry>', 'the id, or the address where only one registry has it');
  withRegistryOptions(command)
    .option('--system-ca', "trust the system's authorities again: undoes --ca, --skip-verify and --plain-http")
    .addHelpText('after', NOTES)
    .action(async (which: string, flags: EditFlags, self: Command) => {
      await editRegistry(which, flags, contextOf(self));
    });
}

async function editRegistry(which: string, flags: EditFlags, context: CommandContext): Promise<void> {
  const { api, json, terminal } = context;
  const settings = await settingsDocument(flags, terminal);
  const namesSource = hasSourceFlags(flags);
  // Whether to log in is no part of what the registry is.
  const { verify: _how, ...named } = settings;
  const changes = [...Object.keys(named), ...(namesSource ? ['source'] : [])];
  if (changes.length === 0) {
    throw usageFailure('there is nothing to change', 'see `pullpass registry edit --help`');
  }
  const { id, address, source, revision, expiresOn: earlierDate } = (await findRegistry(which, api)).registry;
  const request = { kind: source.kind, address, flags, editing: true };
  const body = { ...settings, ...(namesSource ? { source: await sourceDocument(request, terminal) } : {}) };
  const path = pathOf('v1', 'registries', id);
  const document = await withProgress(terminal, `changing ${address}`, () =>
    api({ method: 'PATCH', path, body, ifMatch: revision }),
  );
  if (json) {
    printJson(terminal, document);
    return;
  }
  const changed = expectAnswer(registryAnswer, document);
  const credential = credentialWords(changed, terminal.now());
  printLine(terminal, `changed ${changed.address} (${changed.id}): ${changes.join(', ')}`);
  const { status, warning } = changed.verification ?? {};
  printLine(terminal, `  login: ${status ?? 'not tried'}; credential: ${credential}`);
  if (warning) remark(terminal, warningWords(warning, changed.id));
  if (typeof earlierDate !== 'string' || typeof changed.expiresOn === 'string' || 'expiresOn' in named) return;
  remark(
    terminal,
    `the expiry date ${earlierDate} was the old password's and is dropped; to give the new one: pullpass registry edit ${id} --expires-on DATE`,
  );
}
