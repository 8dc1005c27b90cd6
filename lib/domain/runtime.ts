/** What pulls images on a host, as far as its configuration differs. */

/** `podman` stands for skopeo, buildah and CRI-O, too. */
export const RUNTIMES = ['docker', 'containerd', 'podman', 'kubernetes'] as const;
export type Runtime = (typeof RUNTIMES)[number];
