/**
 * The first administrator's token: made when the data folder is new, written to a file that only its owner can read.
 * Deleting the file and starting again replaces it: the token it held is worth nothing from then on.
 */
import { randomBytes } from 'node:crypto';
import { lstat, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Agent } from '../domain/agent.ts';
import type { ChangeEntry } from '../domain/audit.ts';
import { Secret } from '../domain/secret.ts';
import { createAgent } from '../service/agents.ts';
import { everyItem } from '../service/every-item.ts';
import { claimedAgentId, isTokenOf } from '../service/tokens.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { UnreadableRow } from '../stores/stored-json.ts';

const NAME = 'admin-token file';

export interface AdminTokenDeps {
  readonly catalogue: Catalogue;
  readonly now: () => number;
}

export async function ensureAdminToken(
  dataDirectory: string,
  deps: AdminTokenDeps,
): Promise<{ readonly file: string; readonly created: boolean }> {
  const file = join(dataDirectory, 'admin-token');
  if (await holdsWorkingToken(file, deps)) return { file, created: false };

  for (const old of await earlierAdmins(deps.catalogue)) {
    await deps.catalogue.removeAgent(old.id, deletion(old.id, deps.now()));
  }
  const created = await createAgent({ name: NAME, role: 'admin' }, 'serve', deps);
  if (!created.ok) throw new Error(`the administrator cannot be created: ${created.failure.rule}`);
  await writePrivately(file, created.value.token);
  return { file, created: true };
}

async function holdsWorkingToken(file: string, deps: AdminTokenDeps): Promise<boolean> {
  let text: string;
  try {
    const status = await lstat(file);
    // Whoever could read it may have it: it is replaced, and what it held is worth nothing from then on.
    if (!status.isFile() || (process.platform !== 'win32' && (status.mode & 0o077) !== 0)) return false;
    text = await readFile(file, 'utf8');
  } catch {
    return false;
  }
  const token = new Secret(text.trim());
  const id = claimedAgentId(token);
  return id !== undefined && (await isOf(id, token, deps));
}

/** An agent that cannot be read lets nobody in: it goes, and its token is replaced. */
async function isOf(id: string, token: Secret, { catalogue, now }: AdminTokenDeps): Promise<boolean> {
  try {
    const agent = await catalogue.getAgent(id);
    return agent !== undefined && isTokenOf(agent, token);
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
    await catalogue.removeAgent(id, deletion(id, now()));
    return false;
  }
}

function deletion(subject: string, at: number): ChangeEntry {
  return { type: 'change', at, actor: 'serve', action: 'agent.delete', subject };
}

async function earlierAdmins(catalogue: Catalogue): Promise<readonly Agent[]> {
  const agents = await Array.fromAsync(everyItem((query) => catalogue.listAgents(query), 500));
  return agents.filter((agent) => agent.name === NAME && agent.role === 'admin');
}

async function writePrivately(file: string, token: Secret): Promise<void> {
  // A name that nobody can have put there before us, and a file that is made and never followed.
  const temporary = `${file}.${randomBytes(8).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(`${token.reveal()}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
