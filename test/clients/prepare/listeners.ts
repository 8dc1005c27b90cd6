/** Which TCP ports are listened on: installing packages must not leave a service behind. Linux only. */
import { existsSync, readFileSync } from 'node:fs';

const LISTEN = '0A';

function listenersIn(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    if (local === undefined || state !== LISTEN) return [];
    return [String(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))];
  });
}

export function listeningPorts(): ReadonlySet<string> {
  return new Set([...listenersIn('/proc/net/tcp'), ...listenersIn('/proc/net/tcp6')]);
}
