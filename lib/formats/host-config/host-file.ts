/** A file of a host: where it lies, and the words that every one begins with. */
import type { HostFile, WantedHostConfig } from './wanted.ts';

const PATH = /^\/(?:[A-Za-z0-9._:[\]-]+\/)*[A-Za-z0-9._:[\]-]+$/;

/** Each part is a folder's or file's name. Throws for a name that would lead elsewhere: canonical hosts hold none. */
export function hostFile(parts: readonly string[], content: string): HostFile {
  const path = `/${parts.join('/')}`;
  if (!PATH.test(path) || parts.some((part) => part.includes('/') || /^\.+$/.test(part))) {
    throw new Error('a host file outside the folder that it is for');
  }
  return { path, mode: '0644', content };
}

/** For formats whose comments begin with `#`. */
export function commented({ environment }: Pick<WantedHostConfig, 'environment'>, text: string): string {
  const header = [
    `# Written by Pullpass for the environment ${environment}.`,
    '# Do not edit: a file that was changed here is not kept up to date any more. Change policy or registries instead.',
  ];
  return `${header.join('\n')}\n\n${text.endsWith('\n') || text === '' ? text : `${text}\n`}`;
}

/** The authorities' certificates for a host, below a folder of such. */
export function caFile(folder: readonly string[], host: string, ca: string): HostFile {
  return hostFile([...folder, host, 'ca.crt'], ca);
}
