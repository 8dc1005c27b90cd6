/** The configuration of each runtime, and how much of it one answer may be. */
import { failure, success, type Result } from '../../domain/result.ts';
import type { Runtime } from '../../domain/runtime.ts';
import { containerdConfig } from './containerd.ts';
import { dockerConfig } from './docker.ts';
import { kubernetesConfig } from './kubernetes.ts';
import { podmanConfig } from './podman.ts';
import type { HostConfig, HostConfigTooLarge, WantedHostConfig } from './wanted.ts';

export function hostConfigFor(runtime: Runtime, wanted: WantedHostConfig): Result<HostConfig, HostConfigTooLarge> {
  switch (runtime) {
    case 'docker':
      return success(dockerConfig(wanted));
    case 'containerd':
      return success(containerdConfig(wanted));
    case 'podman':
      return success(podmanConfig(wanted));
    case 'kubernetes':
      return kubernetesConfig(wanted);
  }
}

/** Lambda answers with at most 6 MB, in which the body is a JSON text once more. */
const MAX_ANSWER_BYTES = 6_000_000;

export function checkedAnswer(body: string): Result<string, HostConfigTooLarge> {
  // No character becomes more than six bytes.
  const fits = 6 * body.length <= MAX_ANSWER_BYTES || Buffer.byteLength(JSON.stringify(body)) <= MAX_ANSWER_BYTES;
  if (fits) return success(body);
  const reason = `the answer would have more than ${MAX_ANSWER_BYTES} bytes: give the environment fewer hosts, or policy fewer, wider entries`;
  return failure({ kind: 'host_config_too_large', reason });
}
