/** The files of containers/image and containers/storage that a test host has. */
import type { HostOptions } from './host.ts';

export function containersConfiguration(networks: string): string {
  const engine = '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n';
  return `${engine}[network]\nnetwork_config_dir = ${JSON.stringify(networks)}\n`;
}

/** vfs needs nothing of the kernel. */
export function storageConfiguration(root: string, runRoot: string): string {
  const entries = { driver: 'vfs', graphroot: root, runroot: runRoot };
  return `[storage]\n${Object.entries(entries)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('')}`;
}

function quoted(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;
}

export function registriesConfiguration({ helper, plainHttp = [], searchRegistries = [] }: HostOptions): string {
  const everyRegistry = helper !== undefined && helper.registries === undefined;
  return [
    `unqualified-search-registries = ${quoted(searchRegistries)}`,
    'short-name-mode = "permissive"',
    ...(everyRegistry ? [`credential-helpers = ${quoted(['containers-auth.json', 'pullpass'])}`] : []),
    ...plainHttp.map((address) => `\n[[registry]]\nlocation = ${JSON.stringify(address)}\ninsecure = true`),
    '',
  ].join('\n');
}
