/** The file for a cluster, as Pullpass really writes it. */
import { kubernetesConfig } from '../../lib/formats/host-config/kubernetes.ts';
import { wantedFor } from '../support/wanted-host-config.ts';

export function admissionPolicy(...wanted: Parameters<typeof wantedFor>): string {
  const config = kubernetesConfig(wantedFor(...wanted));
  const file = config.ok ? config.value.files.find(({ path }) => path.endsWith('/image-policy.json')) : undefined;
  if (file === undefined) throw new Error('nothing is refused');
  return file.content;
}
