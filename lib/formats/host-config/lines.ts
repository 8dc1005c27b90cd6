/**
 * Host configuration as lines, for a shell script that has no parser of JSON: one item a line, fields separated by one
 * blank, contents in Base64, and at the end how many lines there are, so that an answer that was cut off is not used.
 */
import type { HostConfig } from './wanted.ts';

const FORMAT_VERSION = '1';

export function hostConfigLines(config: HostConfig): string {
  const { runtime, environment, enforces, notes, files, daemon } = config;
  const lines = [
    `pullpass-host-config ${FORMAT_VERSION}`,
    `runtime ${runtime}`,
    `environment ${environment}`,
    `enforces ${enforces}`,
    ...notes.map((note) => `note ${oneLine(note)}`),
    ...files.map(({ path, mode, content }) => `file ${mode} ${path} ${base64(content)}`),
    ...(daemon?.['insecure-registries'] ?? []).map((host) => `insecure-registry ${host}`),
  ];
  return `${[...lines, `end ${lines.length}`].join('\n')}\n`;
}

function base64(content: string): string {
  return content === '' ? '-' : Buffer.from(content).toString('base64');
}

/** Notes are ours, but name hosts; a line that holds another would be another item. */
function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ');
}
