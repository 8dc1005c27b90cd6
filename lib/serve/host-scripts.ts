/** The scripts that go onto hosts, as they lie in host/. */
import { readFile } from 'node:fs/promises';

const FILES = ['docker-credential-pullpass', 'install.sh', 'pullpass-host'];

export async function loadHostScripts(): Promise<ReadonlyMap<string, string>> {
  const folder = new URL('../../host/', import.meta.url);
  return new Map(
    await Promise.all(FILES.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const)),
  );
}
