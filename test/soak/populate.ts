/** The registries and agents that a run begins with: of each kind, some of them sharing a credential, one behind a role. */
import * as z from 'zod/mini';
import { enterTyped, newRegistry, staticRegistry, STATIC_USER } from './administrator.ts';
import { call } from './api.ts';
import { certain } from './belief.ts';
import { ENVIRONMENT, type Access, type Model, type ModelRegistry } from './model.ts';
import { newPassword, type StandIns } from './stand-ins.ts';

const ECR_HOST = '111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const GOOGLE_HOST = 'eu-docker.pkg.dev';
const ROLE = 'arn:aws:iam::111122223333:role/soak';

const added = z.object({ id: z.string(), source: z.object({ externalId: z.optional(z.string()) }) });
const agentToken = z.object({ token: z.string() });

export async function populate(model: Model, access: Access, standIns: StandIns): Promise<void> {
  const admin = async (what: string, body: unknown): Promise<unknown> => {
    const answer = await call(access.url(), what, { token: access.adminToken, body });
    if (answer.status !== 201 && answer.status !== 200) throw new Error(`${what}: ${JSON.stringify(answer)}`);
    return answer.body;
  };
  const add = async (registry: ModelRegistry, source: Readonly<Record<string, unknown>>): Promise<void> => {
    // A role's trust policy can name its external id only once Pullpass has said it.
    const body = { ...newRegistry(registry.address, source), verify: source['roleArn'] === undefined };
    const document = added.parse(await admin('POST /v1/registries', body));
    const { externalId } = document.source;
    if (externalId !== undefined) standIns.roles[ROLE] = externalId;
    model.registries.push({ ...registry, id: document.id });
  };

  access.hostToken = agentToken.parse(
    await admin('POST /v1/agents', { name: 'host', environments: [ENVIRONMENT] }),
  ).token;
  await admin(`PUT /v1/environments/${ENVIRONMENT}/policy`, { deny: [model.denied.possible[0]] });
  const [first = '', second = '', third = ''] = standIns.registries.map(({ wire }) => wire.address);
  const [keyA = '', keyB = ''] = Object.keys(standIns.accessKeys);
  await add(minted(`${first}/ecr-a`, 'ecr', keyA), ecrSource(standIns, keyA));
  await add(minted(`${second}/ecr-b`, 'ecr', keyA), ecrSource(standIns, keyA));
  await add(minted(`${second}/ecr-c`, 'ecr', keyB), ecrSource(standIns, keyB));
  await add(minted(`${third}/ecr-role`, 'ecr', ROLE), { ...ecrSource(standIns, keyB), roleArn: ROLE });
  const { account, wire: tokenWire } = standIns.google;
  const google = { kind: 'google', upstream: GOOGLE_HOST, key: account.keyFile(`http://${tokenWire.address}/token`) };
  await add(minted(`${first}/google-a`, 'google', account.clientEmail), google);
  await add(minted(`${third}/google-b`, 'google', account.clientEmail), google);
  for (const host of [first, second, third]) {
    const address = `${host}/static`;
    const password = newPassword();
    enterTyped(standIns, { address, password });
    await add(staticRegistry({ address, password, exists: true }), { kind: 'static', username: STATIC_USER, password });
  }
}

export function ecrSource({ accessKeys }: StandIns, accessKeyId: string) {
  return { kind: 'ecr', upstream: ECR_HOST, accessKeyId, secretAccessKey: accessKeys[accessKeyId] };
}

function minted(address: string, kind: 'ecr' | 'google', holder: string): ModelRegistry {
  return { address, kind, holder, id: undefined, exists: certain(true), active: certain(true), password: undefined };
}
