/** The shells that hosts run the scripts with: each that this machine has, and word of each that it lacks. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll } from 'vitest';

export interface Shell {
  readonly name: string;
  /** The program and what stands before the script's name. */
  readonly command: readonly [string, ...string[]];
  /** Where it finds date, mv and the others. */
  readonly path: string;
}

const SYSTEM_PATH = process.env['PATH'] ?? '/usr/bin:/bin';

function find(program: string): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v "$0"', program], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/** A folder with busybox's own tools and, of the system's, only curl: as on the smallest hosts. */
function busyboxTools(busybox: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pullpass-busybox-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  // No flock: the scripts have to do without it, too.
  const tools =
    'awk base64 basename cat chmod cp date diff dirname grep head id ln ls mkdir mv readlink rm rmdir sed sh sha256sum ' +
    'sort stty tail touch tr wc';
  for (const tool of tools.split(' ')) symlinkSync(busybox, join(folder, tool));
  symlinkSync(find('curl') ?? '/usr/bin/curl', join(folder, 'curl'));
  return folder;
}

function available(): readonly Shell[] {
  const shells: Shell[] = [];
  for (const name of ['dash', 'bash', 'busybox']) {
    const program = find(name);
    if (program === undefined) {
      console.warn(`not tested with ${name}: this machine has none`);
    } else if (name === 'busybox') {
      shells.push({ name, command: [program, 'sh'], path: busyboxTools(program) });
    } else {
      shells.push({ name, command: name === 'bash' ? [program, '--posix'] : [program], path: SYSTEM_PATH });
    }
  }
  if (shells.length === 0) throw new Error('none of dash, bash and busybox is installed');
  return shells;
}

export const SHELLS = available();

export const HOST_FOLDER = join(import.meta.dirname, '../../host');
export const HELPER = join(HOST_FOLDER, 'docker-credential-pullpass');
export const CONFIGURATOR = join(HOST_FOLDER, 'pullpass-host');

/** A copy of the installer with nothing beside it, so that it has to download the helper. */
export function loneInstaller(folder: string): string {
  const copy = join(folder, 'install.sh');
  copyFileSync(join(HOST_FOLDER, 'install.sh'), copy);
  return copy;
}
