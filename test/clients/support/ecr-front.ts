/**
 * A registry that behaves like ECR (or Google's): one user, long passwords that come and go while it runs. nginx checks them in front
 * of a registry that asks nobody. A whole set of passwords can be good at once, as ECR's overlap: each has a slot, a
 * file of its own, and a request that one slot refuses is asked again at the next.
 */
import { createHash } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import type { KeyPair } from './certificates.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './processes.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { tool } from './tools.ts';
import { accepts } from './wait.ts';
import type { Workspace } from './workspace.ts';

const SLOTS = 6;

export interface FrontOptions {
  /** Who has the passwords. */
  readonly username?: string;
  /** Behind TLS under a name of its own; the clients have to be told where it leads. */
  readonly under?: { readonly name: string; readonly listen: string; readonly tls: KeyPair };
}

export interface EcrFront extends TestRegistry {
  /** From now on exactly these passwords are good, at most six; holds for the next request. */
  accept(tokens: readonly string[]): void;
}

function location(slot: number, folder: string, upstream: number): string {
  const next = slot + 1 < SLOTS ? `error_page 401 = @slot${slot + 1};` : '';
  return `location ${slot === 0 ? '/' : `@slot${slot}`} {
    auth_basic "ecr"; auth_basic_user_file ${folder}/slot${slot}; ${next}
    proxy_pass http://127.0.0.1:${upstream}; proxy_set_header Host $http_host; proxy_set_header Authorization "";
    add_header Docker-Distribution-Api-Version registry/2.0 always; }`;
}

function configuration(folder: string, listen: string, upstream: number): string {
  const slots = Array.from({ length: SLOTS }, (_, slot) => location(slot, folder, upstream));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `user root; daemon off; worker_processes 1; pid ${folder}/pid;
events { worker_connections 256; }
http {
  access_log ${folder}/access.log; client_max_body_size 0; large_client_header_buffers 4 32k;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server { listen ${listen}; recursive_error_pages on;
    ${slots.join('\n    ')}
  }
}
`;
}

/** Without a token it matches no password: it is no SHA-1 at all. */
function lineFor(username: string, token: string | undefined): string {
  return `${username}:{SHA}${token === undefined ? '-' : createHash('sha1').update(token).digest('base64')}\n`;
}

/** A password that stays good keeps its slot, so that there is no moment in which it is refused. */
function slotKeeper(folder: string, username: string): (tokens: readonly string[]) => void {
  const slots: (string | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  const write = (slot: number, token: string | undefined): void => {
    slots[slot] = token;
    writeFileSync(`${folder}/slot${slot}.new`, lineFor(username, token));
    renameSync(`${folder}/slot${slot}.new`, `${folder}/slot${slot}`);
  };
  slots.forEach((_, slot) => {
    write(slot, undefined);
  });
  return (tokens) => {
    if (tokens.length > SLOTS) throw new Error(`at most ${SLOTS} passwords at once`);
    slots.forEach((held, slot) => {
      if (held !== undefined && !tokens.includes(held)) write(slot, undefined);
    });
    for (const token of tokens) if (!slots.includes(token)) write(slots.indexOf(undefined), token);
  };
}

function listenOn(port: number, under: FrontOptions['under']): string {
  if (under === undefined) return `127.0.0.1:${port}`;
  const { certificate, key } = under.tls;
  return `${under.listen} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}`;
}

export async function startEcrFront(
  workspace: Workspace,
  tokens: readonly string[] = [],
  { username = 'AWS', under }: FrontOptions = {},
): Promise<EcrFront> {
  const upstream = await startRegistry(workspace);
  const port = await freePort();
  const folder = workspace.path(`ecr-${port}`, 'nginx.conf').replace('/nginx.conf', '');
  const accept = slotKeeper(folder, username);
  accept(tokens);
  writeFileSync(`${folder}/nginx.conf`, configuration(folder, listenOn(port, under), upstream.port));
  await startProcess(workspace, {
    name: `ecr-${port}`,
    command: tool('nginx'),
    parameters: ['-e', 'stderr', '-p', folder, '-c', `${folder}/nginx.conf`],
    // It writes this file once it listens.
    ready: () => existsSync(`${folder}/pid`) && (under !== undefined || accepts(port)),
  });
  const address = under?.name ?? `localhost:${port}`;
  return { ...upstream, address, port, accept, push: (image, label) => upstream.push(image, label ?? address) };
}
