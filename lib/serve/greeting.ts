/** What `pullpass serve` says to the person who started it. */
import { relative, resolve } from 'node:path';
import { typedCommand } from '../package-files.ts';
import { DEFAULT_DATA_DIRECTORY, DEFAULT_PORT } from './defaults.ts';

export function greeting(running: {
  readonly url: string;
  readonly adminTokenFile: string;
  readonly dataDirectory: string;
}): string {
  const { url, adminTokenFile, dataDirectory } = running;
  const beside = relative('.', adminTokenFile);
  const tokenFile = beside.startsWith('..') ? resolve(adminTokenFile) : beside;
  const isDefault =
    url === `http://127.0.0.1:${DEFAULT_PORT}` && resolve(dataDirectory) === resolve(DEFAULT_DATA_DIRECTORY);
  const settings = isDefault ? [] : [`export PULLPASS_URL=${url} PULLPASS_TOKEN_FILE=${quoted(tokenFile)}`];
  const pullpass = typedCommand();
  // A proxy of the environment would be asked for a script that root runs.
  const withoutProxy = url.startsWith('http:') ? "--noproxy '*' " : '';
  const commands = [
    ...settings,
    `${pullpass} registry add quay.io --env prod --username YOU      # asks for the password, logs in, stores it`,
    `${pullpass} agent create my-host --env prod --token-file my-host.token`,
    `curl -fsS ${withoutProxy}${url}/install/install.sh | sh -s -- --url ${url} --environment prod --token-file my-host.token`,
  ];
  return [
    `Pullpass listens on ${url}`,
    `The administrator's token lies in ${tokenFile}`,
    `The API is described at ${url}/reference`,
    '',
    'Next, in another terminal in this folder:',
    ...commands.map((command) => `  ${command}`),
    '',
    'Then docker, podman, skopeo and buildah on this machine pull from that registry. Ctrl-C stops Pullpass.',
    '',
  ].join('\n');
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
