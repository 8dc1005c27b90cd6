/**
 * The scripts that go onto hosts. In a bundle they are in it: the bundler reads these imports as texts. Run from source they
 * are modules of no kind that Node knows, and the files are read.
 */
import { loadHostScripts } from '../serve/host-scripts.ts';

export async function hostScripts(): Promise<ReadonlyMap<string, string>> {
  try {
    const [helper, installer, configurator] = await Promise.all([
      import('../../host/docker-credential-pullpass'),
      import('../../host/install.sh'),
      import('../../host/pullpass-host'),
    ]);
    return new Map([
      ['docker-credential-pullpass', helper.default],
      ['install.sh', installer.default],
      ['pullpass-host', configurator.default],
    ]);
  } catch {
    return await loadHostScripts();
  }
}
