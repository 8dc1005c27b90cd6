/** nginx in front of real registries: what companies put there, and what goes wrong with it. */
import { existsSync, writeFileSync } from 'node:fs';
import { freePort } from '../support/free-port.ts';
import { startProcess } from '../support/processes.ts';
import { tool } from '../support/tools.ts';
import type { Workspace } from '../support/workspace.ts';
import { certificateFile } from './peers.ts';

export interface Site {
  /** What stands in `server { … }` beside `listen`. */
  readonly directives: string;
  readonly tls?: true;
}

const TLS = `ssl; ssl_certificate ${certificateFile('server.pem')}; ssl_certificate_key ${certificateFile('server.key')}`;
/** Before anything is sent to it. */
const ZONES = 'limit_req_zone $server_port zone=one:1m rate=1r/m;';

/** Every site on a port of its own, by name. */
export async function startSites<Name extends string>(
  workspace: Workspace,
  sites: Readonly<Record<Name, Site>>,
  /** Ports that were settled before. */
  settled?: Readonly<Partial<Record<Name, number>>>,
): Promise<(name: Name) => number> {
  const ports = new Map<string, number>();
  const servers: string[] = [];
  const known = new Map(Object.entries<number | undefined>(settled ?? {}));
  for (const [name, site] of Object.entries<Site>(sites)) {
    const port = known.get(name) ?? (await freePort());
    ports.set(name, port);
    servers.push(`server { listen 127.0.0.1:${port} ${site.tls ? TLS : ''}; ${site.directives} }`);
  }
  const file = workspace.path('sites', 'nginx.conf');
  const folder = file.replace('/nginx.conf', '');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const configuration = `user root; daemon off; worker_processes 1; pid ${folder}/pid;
events { worker_connections 256; }
http { access_log off; ${ZONES} proxy_set_header Host $http_host;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  ${servers.join('\n  ')}
}
`;
  writeFileSync(file, configuration);
  await startProcess(workspace, {
    name: 'sites',
    command: tool('nginx'),
    parameters: ['-e', 'stderr', '-p', folder, '-c', file],
    ready: () => existsSync(`${folder}/pid`),
  });
  return (name) => {
    const port = ports.get(name);
    if (port === undefined) throw new Error(`there is no site ${name}`);
    return port;
  };
}
