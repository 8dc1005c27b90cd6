/** The real clients, run as one host's: with its home, its configuration, its storage. Images are full references. */
import { randomUUID } from 'node:crypto';
import type { Host } from './host.ts';
import { withPrivateSystem } from './private-system.ts';
import { runCommand, type Outcome } from './run.ts';
import { tool, type ToolName } from './tools.ts';

/** Any program of the suite, on this host. */
export function runClient(host: Host, name: ToolName, parameters: readonly string[]): Promise<Outcome> {
  const command = withPrivateSystem(host.folder, { command: tool(name), parameters });
  return runCommand(host.workspace, { name, ...command, environment: host.environment, cwd: host.home });
}

/** Reads manifest and configuration; stdout is JSON with `Labels.origin`. */
export function skopeoInspect(host: Host, image: string): Promise<Outcome> {
  return runClient(host, 'skopeo', ['inspect', '--no-tags', `docker://${image}`]);
}

/** Reads all of the image, every time. */
export function skopeoCopy(host: Host, image: string): Promise<Outcome> {
  return runClient(host, 'skopeo', ['copy', `docker://${image}`, `dir:${host.folder}/copy-${randomUUID()}`]);
}

export function podmanPull(host: Host, image: string): Promise<Outcome> {
  return runClient(host, 'podman', ['--tmpdir', `${host.folder}/run/podman`, 'pull', image]);
}

export function buildahPull(host: Host, image: string): Promise<Outcome> {
  // buildah's own default asks nobody when it has the image already.
  return runClient(host, 'buildah', ['pull', '--policy', 'always', image]);
}

/** One of go-containerregistry's clients, as ko, cosign and kaniko are. Asks for the repository and then for the host. */
export function craneManifest(host: Host, image: string): Promise<Outcome> {
  return runClient(host, 'crane', ['manifest', image]);
}

/** Reads all of the image, every time. */
export function cranePull(host: Host, image: string): Promise<Outcome> {
  return runClient(host, 'crane', ['pull', image, `${host.folder}/pulled-${randomUUID()}.tar`]);
}

/** Needs no engine. Works on images in the format v2s2. */
export function dockerManifestInspect(host: Host, image: string): Promise<Outcome> {
  return runClient(host, 'docker', ['manifest', 'inspect', '--insecure', image]);
}

/** `engine` is the socket of a started dockerd. The docker CLI of this host gets the credential. */
export function dockerdPull(host: Host, engine: string, image: string): Promise<Outcome> {
  return runClient(host, 'docker', ['-H', `unix://${engine}`, 'pull', image]);
}
