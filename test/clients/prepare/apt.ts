/** Debian packages for the suite: installed where they are tools, unpacked where they are services. Decides nothing. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const NON_INTERACTIVE = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const WAIT_FOR_LOCK = ['-o', 'DPkg::Lock::Timeout=180', '-o', 'Acquire::Retries=2'];

export interface AptOutcome {
  readonly ok: boolean;
  /** The last lines of what it said, for the reader of the report. */
  readonly said: string;
}

function run(command: string, parameters: readonly string[], cwd?: string): AptOutcome {
  const child = spawnSync(command, parameters, { encoding: 'utf8', env: NON_INTERACTIVE, ...(cwd && { cwd }) });
  const lines = `${child.stdout}\n${child.stderr}`.trim().split('\n');
  return { ok: child.status === 0, said: child.error?.message ?? lines.slice(-3).join(' | ') };
}

/** Why packages cannot be had here at all; undefined where they can. */
export function whyNoApt(): string | undefined {
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg')) return 'this system has no apt-get and dpkg';
  if (process.getuid?.() !== 0) return 'not root: installing packages and running the daemons takes root';
  return undefined;
}

export function updateLists(): AptOutcome {
  return run('apt-get', ['update', '-q', ...WAIT_FOR_LOCK]);
}

/** Installs without starting any service: invoke-rc.d and deb-systemd-invoke ask policy-rc.d first. */
export function install(packages: readonly string[]): AptOutcome {
  const ownPolicy = !existsSync(POLICY_FILE);
  if (ownPolicy) {
    writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n');
    chmodSync(POLICY_FILE, 0o755);
  }
  try {
    return run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...WAIT_FOR_LOCK, ...packages]);
  } finally {
    if (ownPolicy) rmSync(POLICY_FILE, { force: true });
  }
}

/** Downloads one package and unpacks it into the folder; its maintainer scripts never run. */
export function unpack(name: string, folder: string): AptOutcome {
  mkdirSync(folder, { recursive: true });
  const download = mkdtempSync(join(folder, '.download-'));
  // apt fetches as its own user, who must be able to write there.
  chmodSync(download, 0o777);
  try {
    const fetched = run('apt-get', ['download', '-q', ...WAIT_FOR_LOCK, name], download);
    if (!fetched.ok) return fetched;
    const archive = readdirSync(download).find((file) => file.endsWith('.deb'));
    if (archive === undefined) return { ok: false, said: `apt-get download ${name} brought no package` };
    return run('dpkg', ['-x', join(download, archive), folder]);
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}
