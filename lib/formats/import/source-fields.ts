/**
 * The fields of each source kind as an export writes and an import reads them: which can be sent, which only tell what it
 * was, which is the secret. A new kind is one row here; until then its registries are told and left out.
 */
import type { JsonValue } from '../../domain/registry.ts';

type Settings = Readonly<Record<string, JsonValue | undefined>>;

export interface SourceFields {
  readonly kind: string;
  /** What an administrator sets. */
  readonly settable: readonly string[];
  /** Follow from the secret, or from the installation. Exported for people, never sent. */
  readonly derived: readonly string[];
  /** Who it is that logs in: where these differ, so do the credentials. */
  readonly login: readonly string[];
  readonly secret: string;
  /** What people call the secret. */
  readonly secretName: string;
  /** Whether a registry with these settings holds a secret. */
  readonly needsSecret: (settings: Settings) => boolean;
}

const SOURCES: readonly SourceFields[] = [
  {
    kind: 'static',
    settable: ['username'],
    derived: [],
    login: ['username'],
    secret: 'password',
    secretName: 'password',
    needsSecret: () => true,
  },
  {
    kind: 'ecr',
    settable: ['upstream', 'roleArn', 'repositories', 'accessKeyId'],
    derived: ['externalId'],
    login: ['upstream', 'roleArn', 'accessKeyId'],
    secret: 'secretAccessKey',
    secretName: 'secret access key',
    needsSecret: ({ accessKeyId }) => typeof accessKeyId === 'string',
  },
  {
    kind: 'google',
    settable: ['upstream', 'scopes'],
    derived: ['clientEmail', 'projectId', 'privateKeyId', 'keyFingerprint', 'tokenUri'],
    login: ['upstream', 'clientEmail'],
    secret: 'key',
    secretName: 'service account key',
    needsSecret: () => true,
  },
];

export function sourceFields(kind: string): SourceFields | undefined {
  return SOURCES.find((fields) => fields.kind === kind);
}
