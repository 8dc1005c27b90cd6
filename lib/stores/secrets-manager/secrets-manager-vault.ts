/**
 * The vault in AWS Secrets Manager: two secrets a registry, `<prefix>/<registry id>/source` and `…/issued`.
 *
 * A secret holds as many versions as it has labels: what is put takes AWSPENDING from what was put before, so whoever puts
 * settles first what the catalogue points at. The first version of a secret is the current one at once.
 *
 * Calls: a first put 2, another put 1, settling one kind 1 that reads and at most 1 that writes.
 */
import { paginateListSecrets, TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-secrets-manager';
import type { Vault } from '../vault.ts';
import { deleteSecret, type DeleteAccess } from './delete-secret.ts';
import { secretsManagerIssued } from './issued-credentials.ts';
import { dropPending, makeCurrent } from './move-labels.ts';
import { putVersion, type WriteAccess } from './put-version.ts';
import { readVersion } from './read-version.ts';
import { NOT_FOUND, NOT_NOW, outcome } from './sdk-outcome.ts';
import { INSTALLATION_TAG, ORPHAN_TAG, registryIdOf, secretName, type SecretKind } from './secret-names.ts';
import { readSource, writeIssued, writeSource } from './secret-values.ts';

export interface SecretsManagerVaultOptions extends WriteAccess, DeleteAccess {}

export function secretsManagerVault(options: SecretsManagerVaultOptions): Vault {
  return {
    ...secretsManagerIssued(options),
    putSource: (registryId, version, secret) =>
      putVersion(options, { registryId, kind: 'source', version }, writeSource(secret, version)),
    getSource: async (registryId, version) => {
      const text = await readVersion(options, { registryId, kind: 'source', version });
      return text === undefined ? undefined : readSource(text, version);
    },
    putIssued: (registryId, credential) =>
      putVersion(options, { registryId, kind: 'issued', version: credential.version }, writeIssued(credential)),
    settle: async (registryId, { sourceVersion, issuedVersion }) => {
      await bothKinds({ source: sourceVersion, issued: issuedVersion }, async (kind, version) => {
        if (version !== undefined) await makeCurrent(options, { registryId, kind, version });
      });
    },
    prune: async (registryId, { sourceVersion, issuedVersion }) => {
      await bothKinds({ source: sourceVersion, issued: issuedVersion }, (kind, version) =>
        keepOnly(options, { registryId, kind, version }),
      );
    },
    remove: async (registryId) => {
      await bothKinds({}, (kind) => deleteSecret(options, secretName(options.prefix, registryId, kind)));
    },
    registryIds: async () => [...new Set((await listed(options)).map(({ registryId }) => registryId))].toSorted(),
    orphans: () => orphans(options),
    setAside: (registryId, since) => tag(options, registryId, since),
    takeBack: (registryId) => tag(options, registryId, undefined),
  };
}

async function bothKinds(
  versions: Readonly<Partial<Record<SecretKind, string | undefined>>>,
  work: (kind: SecretKind, version: string | undefined) => Promise<void>,
): Promise<void> {
  await Promise.all([work('source', versions.source), work('issued', versions.issued)]);
}

/**
 * AWSCURRENT can be moved but not taken off, so a kind without a version to keep goes as a whole. What was current before stays
 * readable.
 */
async function keepOnly(
  options: SecretsManagerVaultOptions,
  keep: { readonly registryId: string; readonly kind: SecretKind; readonly version: string | undefined },
): Promise<void> {
  const { registryId, kind, version } = keep;
  if (version === undefined) {
    await deleteSecret(options, secretName(options.prefix, registryId, kind));
    return;
  }
  const place = { registryId, kind, version };
  const labels = await makeCurrent(options, place);
  if (labels !== undefined) await dropPending(options, place, labels);
}

interface Listed {
  readonly registryId: string;
  readonly orphanSince: number | undefined;
}

/**
 * Secrets Manager lists a change only after some time, up to minutes. Those about to be deleted are not listed, nor are those of
 * another installation: they are nobody's business here.
 */
async function listed({ client, prefix, installationId }: SecretsManagerVaultOptions): Promise<readonly Listed[]> {
  const own = await installationId?.();
  const found: Listed[] = [];
  const pages = paginateListSecrets({ client, pageSize: 100 }, { Filters: [{ Key: 'name', Values: [`${prefix}/`] }] });
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const next = await outcome(iterator.next(), []);
    if (!next.ok || next.value.done === true) return found;
    for (const { Name = '', Tags = [] } of next.value.value.SecretList ?? []) {
      const registryId = registryIdOf(prefix, Name);
      const tagged = (key: string): string | undefined => Tags.find(({ Key }) => Key === key)?.Value;
      const installation = tagged(INSTALLATION_TAG);
      const isForeign = own !== undefined && installation !== undefined && installation !== own;
      if (registryId === undefined || isForeign) continue;
      const since = Date.parse(tagged(ORPHAN_TAG) ?? '');
      found.push({ registryId, orphanSince: Number.isFinite(since) ? since : undefined });
    }
  }
}

/** The later of two: what was noted on one of them only was broken off. */
async function orphans(options: SecretsManagerVaultOptions): Promise<ReadonlyMap<string, number>> {
  const since = new Map<string, number>();
  for (const { registryId, orphanSince } of await listed(options)) {
    if (orphanSince !== undefined) since.set(registryId, Math.max(orphanSince, since.get(registryId) ?? 0));
  }
  return since;
}

async function tag(options: SecretsManagerVaultOptions, registryId: string, since: number | undefined): Promise<void> {
  const { client, prefix } = options;
  await bothKinds({}, async (kind) => {
    const SecretId = secretName(prefix, registryId, kind);
    const sent =
      since === undefined
        ? client.send(new UntagResourceCommand({ SecretId, TagKeys: [ORPHAN_TAG] }))
        : client.send(
            new TagResourceCommand({ SecretId, Tags: [{ Key: ORPHAN_TAG, Value: new Date(since).toISOString() }] }),
          );
    await outcome<unknown, string>(sent, [NOT_FOUND, NOT_NOW]);
  });
}
