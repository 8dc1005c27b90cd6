/**
 * Ready-made choices of registry: what to type where, for the command line, the documents and the form of a preset in
 * a static source. Data only; nothing is decided by it but whether a preset and an address belong together.
 */

export interface RegistryPreset {
  readonly id: string;
  readonly label: string;
  /** The canonical address, or the one offered first where there are several. */
  readonly address: string;
  readonly source: 'static' | 'ecr' | 'google';
  /** What to type as user name and as password, or instead of them. */
  readonly username: string;
  readonly password: string;
}

export const REGISTRY_PRESETS = [
  {
    id: 'docker-hub',
    label: 'Docker Hub',
    address: 'docker.io',
    source: 'static',
    username: 'your Docker ID, or the name of the organisation for an organisation access token',
    password:
      'a personal access token with the scope "Read-only"; your account password works too but opens everything',
  },
  {
    id: 'quay',
    label: 'Quay.io',
    address: 'quay.io',
    source: 'static',
    username: 'a robot account in the form "organisation+robot" with the permission Read',
    password: "the robot account's token",
  },
  {
    id: 'github',
    label: 'GitHub Packages',
    address: 'ghcr.io',
    source: 'static',
    username: 'a GitHub user name',
    password: 'a personal access token (classic) with the scope "read:packages"',
  },
  {
    id: 'gitlab',
    label: 'GitLab.com',
    address: 'registry.gitlab.com',
    source: 'static',
    username: "the deploy token's user name",
    password: 'a deploy token with the scope "read_registry"',
  },
  {
    id: 'google',
    label: 'Google Artifact Registry and Container Registry',
    address: 'gcr.io',
    source: 'google',
    username: 'none: hosts get access tokens of at most an hour, made from the key; or "_json_key" in a static source',
    password: 'the key file (JSON) of a service account with the role Artifact Registry Reader',
  },
  {
    id: 'ecr-public',
    label: 'Amazon ECR Public',
    address: 'public.ecr.aws',
    source: 'ecr',
    username: "none: tokens are made with Pullpass's own AWS identity, a role, or an access key",
    password: 'none',
  },
] as const satisfies readonly RegistryPreset[];

export function findPreset(id: string): RegistryPreset | undefined {
  return REGISTRY_PRESETS.find((preset) => preset.id === id);
}
