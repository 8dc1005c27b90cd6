/** `pullpass import`: its options. What it does is loaded only then: it brings the parsers of all formats. */
import { Option, type Command } from 'commander';
import { FILE_FORMATS } from '../../formats/import/wanted.ts';
import type { ContextOf } from '../command-context.ts';
import type { ImportFlags } from '../import/import-file.ts';
import { collect } from '../option-values.ts';

const NOTES = `
Nothing is changed without --apply or a yes at the question. What is there already is found again, so that a second import
does only what the first one left.

Examples:
  pullpass import ~/.docker/config.json --env prod
  kubectl get secret -n shop -o yaml | pullpass import - --env shop --apply
  pullpass import /etc/containers/registries.conf --env prod
  pullpass import /etc/rancher/k3s/registries.yaml --env prod
  echo 'quay.io,index.docker.io' | pullpass import - --format rancher-whitelist --default-registry quay.io
  pullpass import backup.json --secrets secrets.json --apply`;

export function addImportCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('import')
    .description('take over registries, policies and agents from a file; shows first what would change')
    .argument(
      '<file>',
      'an export, or a file of docker, Kubernetes, podman, containerd, k3s or Rancher; - for standard input',
    )
    .addOption(new Option('--format <format>', 'default: by what is in it').choices(['auto', ...FILE_FORMATS]))
    .option('--env <name>', "for which environment: commas or repeated; '*' is every one", collect)
    .option('--apply', 'carry the plan out without asking')
    .option('--yes', 'the same as --apply')
    .optionsGroup('Secrets:')
    .option('--secrets <file>', 'secrets that an export has not: {"<id or address>": "<secret>"}; only you may read it')
    .option('--replace-secrets', "the file's logins also for registries that are there")
    .optionsGroup('Registries:')
    .option('--no-verify', 'store them without logging in first')
    .option('--allow-override', 'also where one would answer instead of another that is there')
    .optionsGroup('Logins of docker, Kubernetes, containerd and k3s:')
    .option('--ca <host=file>', 'certificate authority (PEM) of the registry at this host; repeatable', append)
    .option('--skip-verify <host>', 'do not verify its certificate; commas or repeated', collect)
    .option('--plain-http <host>', 'it speaks no TLS at all; commas or repeated', collect)
    .optionsGroup("Rancher's whitelist:")
    .option('--default-registry <address>', 'the value of registry.default')
    .addHelpText('after', NOTES)
    .action(async (file: string, flags: ImportFlags, command: Command) => {
      const { importFile } = await import('../import/import-file.ts');
      await importFile(file, flags, contextOf(command));
    });
}

/** For values that may hold a comma. */
function append(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
