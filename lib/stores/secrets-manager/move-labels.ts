/**
 * Staging labels: which version is the current one, and which are forgotten. A label is on one version at a time, and
 * AWSPREVIOUS follows AWSCURRENT by itself, so that one call makes a version the current one.
 */
import { DescribeSecretCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { StoreUnavailable } from '../catalogue.ts';
import type { ReadAccess, VersionPlace } from './read-version.ts';
import { CURRENT, PENDING, PREVIOUS, secretName, versionToken } from './secret-names.ts';
import { NOT_FOUND, NOT_NOW, NOT_SO, outcome } from './sdk-outcome.ts';

/** Labels by version, of those that have any. */
export type Labels = Readonly<Record<string, readonly string[]>>;

/** Tries, where somebody else moves the same label at the same time. */
const ROUNDS = 3;

/**
 * Makes a version the current one: one call that reads, and one that writes where it is not the current one yet. A version
 * that lost its label to one that was put later is taken back; a source that another has replaced is not, since the
 * replaced one is the past. Answers the labels as they were read; undefined: no such secret, or it is being deleted.
 */
export async function makeCurrent(access: ReadAccess, place: VersionPlace): Promise<Labels | undefined> {
  const name = secretName(access.prefix, place.registryId, place.kind);
  const token = versionToken(place.version);
  let refusedFrom: string | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const labels = await readLabels(access, name);
    if (labels === undefined) return undefined;
    const own = labels[token] ?? [];
    if (own.includes(CURRENT) || (place.kind === 'source' && isPast(own))) return labels;
    const holder = holderOf(labels, CURRENT);
    // Refused twice although nothing changed in between: there is no such version.
    if (round > 0 && own.length === 0 && holder === refusedFrom) return labels;
    const moved = await moveLabel(access, { name, label: CURRENT, from: holder, to: token });
    if (moved !== 'refused') return labels;
    refusedFrom = holder;
  }
  throw new StoreUnavailable(NOT_SO);
}

/** Takes the label of what was put last off, unless that is the version to keep. */
export async function dropPending(access: ReadAccess, place: VersionPlace, labels: Labels): Promise<void> {
  const name = secretName(access.prefix, place.registryId, place.kind);
  const holder = holderOf(labels, PENDING);
  if (holder === undefined || holder === versionToken(place.version)) return;
  // Refused: it has moved on since, which is somebody else's doing.
  await moveLabel(access, { name, label: PENDING, from: holder, to: undefined });
}

function isPast(labels: readonly string[]): boolean {
  return labels.includes(PREVIOUS) && !labels.includes(PENDING);
}

function holderOf(labels: Labels, label: string): string | undefined {
  return Object.keys(labels).find((version) => labels[version]?.includes(label));
}

async function readLabels({ client }: ReadAccess, name: string): Promise<Labels | undefined> {
  const described = await outcome(client.send(new DescribeSecretCommand({ SecretId: name })), [NOT_FOUND, NOT_NOW]);
  if (!described.ok || described.value.DeletedDate !== undefined) return undefined;
  return described.value.VersionIdsToStages ?? {};
}

/** `gone`: the secret or one of the versions. `refused`: the label is not where `from` says. */
async function moveLabel(
  { client }: ReadAccess,
  move: {
    readonly name: string;
    readonly label: string;
    readonly from: string | undefined;
    readonly to: string | undefined;
  },
): Promise<'moved' | 'gone' | 'refused'> {
  const command = new UpdateSecretVersionStageCommand({
    SecretId: move.name,
    VersionStage: move.label,
    ...(move.from === undefined ? {} : { RemoveFromVersionId: move.from }),
    ...(move.to === undefined ? {} : { MoveToVersionId: move.to }),
  });
  const moved = await outcome(client.send(command), [NOT_FOUND, NOT_NOW, NOT_SO]);
  if (moved.ok) return 'moved';
  return moved.failure === NOT_SO ? 'refused' : 'gone';
}
