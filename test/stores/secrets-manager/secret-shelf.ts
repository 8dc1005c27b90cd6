/**
 * Secrets Manager's secrets, versions and staging labels by the rules of its API reference, without the wire. Stricter than
 * any stand-in: fields that an operation does not have are refused, and so is whatever the reference does not allow.
 */
import * as z from 'zod/mini';

export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface ShelvedVersion {
  readonly value: string;
  readonly labels: Set<string>;
}

export interface ShelvedSecret {
  readonly name: string;
  readonly description: string;
  tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly kmsKey: string | undefined;
  readonly versions: Map<string, ShelvedVersion>;
  replicas: string[];
  /** How long it may still be brought back; undefined while it is not being deleted. */
  recoveryDays: number | undefined;
}

export interface Shelf {
  readonly secrets: Map<string, ShelvedSecret>;
  /** Answers the operation's output; throws `Refused`. */
  readonly serve: (operation: string, input: unknown) => object;
}

const VALUE_LIMIT_BYTES = 65_536;
const SecretId = z.string();
const token = z.string().check(z.minLength(32), z.maxLength(64));
const SecretString = z.string().check(
  z.minLength(1),
  z.refine((text) => Buffer.byteLength(text) <= VALUE_LIMIT_BYTES),
);
const label = z.string().check(z.minLength(1), z.maxLength(256));
const region = z.strictObject({ Region: z.string(), KmsKeyId: z.optional(z.string()) });

const INPUTS = {
  create: z.strictObject({
    Name: z.string().check(z.regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/)),
    ClientRequestToken: token,
    SecretString,
    Description: z.optional(z.string().check(z.maxLength(2048))),
    KmsKeyId: z.optional(z.string()),
    Tags: z.optional(z.array(z.strictObject({ Key: z.string(), Value: z.string() }))),
    AddReplicaRegions: z.optional(z.array(region).check(z.minLength(1))),
  }),
  put: z.strictObject({
    SecretId,
    ClientRequestToken: token,
    SecretString,
    VersionStages: z.optional(z.array(label).check(z.minLength(1), z.maxLength(20))),
  }),
  get: z.strictObject({ SecretId, VersionId: z.optional(token), VersionStage: z.optional(label) }),
  named: z.strictObject({ SecretId }),
  stage: z.strictObject({
    SecretId,
    VersionStage: label,
    RemoveFromVersionId: z.optional(token),
    MoveToVersionId: z.optional(token),
  }),
  remove: z.strictObject({ SecretId, RecoveryWindowInDays: z.int().check(z.gte(7), z.lte(30)) }),
  replicate: z.strictObject({
    SecretId,
    AddReplicaRegions: z.array(region).check(z.minLength(1)),
    ForceOverwriteReplicaSecret: z.optional(z.boolean()),
  }),
  unreplicate: z.strictObject({ SecretId, RemoveReplicaRegions: z.array(z.string()).check(z.minLength(1)) }),
  tag: z.strictObject({
    SecretId,
    Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).check(z.minLength(1)),
  }),
  untag: z.strictObject({ SecretId, TagKeys: z.array(z.string()).check(z.minLength(1)) }),
  list: z.strictObject({
    MaxResults: z.optional(z.int().check(z.gte(1), z.lte(100))),
    NextToken: z.optional(z.string()),
    Filters: z.optional(z.array(z.strictObject({ Key: z.literal('name'), Values: z.array(z.string()) }))),
    IncludePlannedDeletion: z.optional(z.boolean()),
  }),
};

function parse<Value>(schema: z.ZodMiniType<Value>, input: unknown): Value {
  const parsed = z.safeParse(schema, input);
  if (!parsed.success) throw new Refused('InvalidParameterException');
  return parsed.data;
}

/** A label is on one version at a time, and AWSPREVIOUS follows AWSCURRENT. */
export function attach(secret: ShelvedSecret, versionId: string, moving: string): void {
  for (const [id, { labels }] of secret.versions) {
    if (!labels.delete(moving) || id === versionId || moving !== 'AWSCURRENT') continue;
    attach(secret, id, 'AWSPREVIOUS');
  }
  secret.versions.get(versionId)?.labels.add(moving);
}

function stagesOf(version: ShelvedVersion | undefined): readonly string[] {
  return [...(version?.labels ?? [])];
}

/** @param missingVersion what moving a label to a version that is not there is answered with. */
export function openShelf(missingVersion = 'ResourceNotFoundException'): Shelf {
  const secrets = new Map<string, ShelvedSecret>();

  function find(name: string): ShelvedSecret {
    const secret = secrets.get(name);
    if (secret === undefined) throw new Refused('ResourceNotFoundException');
    return secret;
  }
  function findAlive(name: string): ShelvedSecret {
    const secret = find(name);
    if (secret.recoveryDays !== undefined) throw new Refused('InvalidRequestException');
    return secret;
  }
  function create(request: z.infer<typeof INPUTS.create>): object {
    const held = secrets.get(request.Name);
    if (held !== undefined) {
      throw new Refused(held.recoveryDays === undefined ? 'ResourceExistsException' : 'InvalidRequestException');
    }
    const { Name: name, ClientRequestToken: versionId, SecretString: value, Description = '', Tags = [] } = request;
    const replicas = (request.AddReplicaRegions ?? []).map(({ Region }) => Region);
    const versions = new Map([[versionId, { value, labels: new Set(['AWSCURRENT']) }]]);
    const secret = { name, description: Description, tags: Tags, kmsKey: request.KmsKeyId, versions, replicas };
    secrets.set(name, { ...secret, recoveryDays: undefined });
    return { Name: name, VersionId: versionId };
  }
  function put(request: z.infer<typeof INPUTS.put>): object {
    const secret = findAlive(request.SecretId);
    const { ClientRequestToken: versionId, SecretString: value, VersionStages = ['AWSCURRENT'] } = request;
    const held = secret.versions.get(versionId);
    if (held !== undefined && held.value !== value) throw new Refused('ResourceExistsException');
    if (held === undefined) {
      secret.versions.set(versionId, { value, labels: new Set() });
      for (const moving of VersionStages) attach(secret, versionId, moving);
    }
    return { Name: secret.name, VersionId: versionId, VersionStages: stagesOf(secret.versions.get(versionId)) };
  }
  function get({ SecretId: name, VersionId, VersionStage }: z.infer<typeof INPUTS.get>): object {
    const secret = findAlive(name);
    const wanted = VersionStage ?? 'AWSCURRENT';
    const found = [...secret.versions].find(
      ([id, { labels }]) => (VersionId ?? id) === id && (VersionId === id || labels.has(wanted)),
    );
    if (found === undefined) throw new Refused('ResourceNotFoundException');
    return { Name: name, VersionId: found[0], SecretString: found[1].value, VersionStages: stagesOf(found[1]) };
  }
  function stage(request: z.infer<typeof INPUTS.stage>): object {
    const secret = findAlive(request.SecretId);
    const { VersionStage: moving, RemoveFromVersionId: from, MoveToVersionId: to } = request;
    const holder = [...secret.versions].find(([, { labels }]) => labels.has(moving))?.[0];
    if (to !== undefined && !secret.versions.has(to)) throw new Refused(missingVersion);
    if (from !== undefined && from !== holder) throw new Refused('InvalidParameterException');
    if (to !== undefined && holder !== undefined && holder !== to && from === undefined) {
      throw new Refused('InvalidParameterException');
    }
    if (to === undefined && (from === undefined || moving === 'AWSCURRENT')) {
      throw new Refused('InvalidParameterException');
    }
    if (to === undefined && from !== undefined) secret.versions.get(from)?.labels.delete(moving);
    else if (to !== undefined) attach(secret, to, moving);
    return { Name: secret.name };
  }
  function describe({ SecretId: name }: z.infer<typeof INPUTS.named>): object {
    const secret = find(name);
    const labelled = [...secret.versions].filter(([, { labels }]) => labels.size > 0);
    return {
      Name: name,
      ...(secret.recoveryDays === undefined ? {} : { DeletedDate: 1_767_225_600 }),
      ...(secret.replicas.length === 0 ? {} : { ReplicationStatus: secret.replicas.map((Region) => ({ Region })) }),
      VersionIdsToStages: Object.fromEntries(labelled.map(([id, version]) => [id, stagesOf(version)])),
    };
  }
  function remove({ SecretId: name, RecoveryWindowInDays }: z.infer<typeof INPUTS.remove>): object {
    const secret = findAlive(name);
    if (secret.replicas.length > 0) throw new Refused('InvalidRequestException');
    secret.recoveryDays = RecoveryWindowInDays;
    return { Name: name, DeletionDate: 1_767_225_600 };
  }
  function restore({ SecretId: name }: z.infer<typeof INPUTS.named>): object {
    const secret = find(name);
    if (secret.recoveryDays === undefined) throw new Refused('InvalidRequestException');
    secret.recoveryDays = undefined;
    return { Name: name };
  }
  function list(request: z.infer<typeof INPUTS.list>): object {
    const starts = request.Filters?.flatMap(({ Values }) => Values) ?? [''];
    const found = [...secrets.values()]
      .filter(({ recoveryDays }) => recoveryDays === undefined || request.IncludePlannedDeletion === true)
      .filter(({ name }) => starts.some((start) => name.startsWith(start)));
    const from = Number(request.NextToken ?? 0);
    const to = from + (request.MaxResults ?? 100);
    const SecretList = found.slice(from, to).map(({ name, tags }) => ({ Name: name, Tags: tags }));
    return { SecretList, ...(to < found.length ? { NextToken: String(to) } : {}) };
  }
  function tag({ SecretId: name, Tags }: z.infer<typeof INPUTS.tag>): object {
    const secret = findAlive(name);
    const kept = secret.tags.filter(({ Key }) => !Tags.some((given) => given.Key === Key));
    secret.tags = [...kept, ...Tags];
    return {};
  }
  function untag({ SecretId: name, TagKeys }: z.infer<typeof INPUTS.untag>): object {
    const secret = findAlive(name);
    secret.tags = secret.tags.filter(({ Key }) => !TagKeys.includes(Key));
    return {};
  }
  function replicate({ SecretId: name, AddReplicaRegions }: z.infer<typeof INPUTS.replicate>): object {
    const secret = findAlive(name);
    secret.replicas = [...new Set([...secret.replicas, ...AddReplicaRegions.map(({ Region }) => Region)])];
    return {};
  }
  function unreplicate({ SecretId: name, RemoveReplicaRegions }: z.infer<typeof INPUTS.unreplicate>): object {
    const secret = findAlive(name);
    secret.replicas = secret.replicas.filter((known) => !RemoveReplicaRegions.includes(known));
    return {};
  }

  const operations = new Map<string, (input: unknown) => object>([
    ['CreateSecret', (input) => create(parse(INPUTS.create, input))],
    ['PutSecretValue', (input) => put(parse(INPUTS.put, input))],
    ['GetSecretValue', (input) => get(parse(INPUTS.get, input))],
    ['UpdateSecretVersionStage', (input) => stage(parse(INPUTS.stage, input))],
    ['DescribeSecret', (input) => describe(parse(INPUTS.named, input))],
    ['DeleteSecret', (input) => remove(parse(INPUTS.remove, input))],
    ['RestoreSecret', (input) => restore(parse(INPUTS.named, input))],
    ['TagResource', (input) => tag(parse(INPUTS.tag, input))],
    ['UntagResource', (input) => untag(parse(INPUTS.untag, input))],
    ['ListSecrets', (input) => list(parse(INPUTS.list, input))],
    ['ReplicateSecretToRegions', (input) => replicate(parse(INPUTS.replicate, input))],
    ['RemoveRegionsFromReplication', (input) => unreplicate(parse(INPUTS.unreplicate, input))],
  ]);
  return {
    secrets,
    serve: (operation, input) => {
      const known = operations.get(operation);
      if (known === undefined) throw new Refused('UnknownOperationException');
      return known(input);
    },
  };
}
