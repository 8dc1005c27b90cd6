/** What lies in the table and in Secrets Manager of a small installation: an agent, a policy, one registry with its credential. */
import type { TokenAgent } from '../../lib/domain/agent.ts';
import { UNRESTRICTED } from '../../lib/domain/policy.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { issueToken } from '../../lib/service/tokens.ts';
import { agentItem } from '../../lib/stores/dynamodb/agent-item.ts';
import { text, textSet } from '../../lib/stores/dynamodb/attributes.ts';
import { INSTALLATION_ID, installationKey, KINDS } from '../../lib/stores/dynamodb/installation-item.ts';
import { policyItem } from '../../lib/stores/dynamodb/policy-item.ts';
import { pointerItem, registryItem } from '../../lib/stores/dynamodb/registry-item.ts';
import { secretName, versionToken } from '../../lib/stores/secrets-manager/secret-names.ts';
import { writeIssued } from '../../lib/stores/secrets-manager/secret-values.ts';
import type { StoredSecret } from './aws-store-server.ts';
import { SECRET_PREFIX } from './function-environment.ts';
import { canonicalAddress, HOUR, registryFixture } from './registry-fixture.ts';

export const ENVIRONMENT = 'prod';
export const IMAGE = 'registry.example.test/team/service:1.2';

const REGISTRY_ID = 'registry-1';

export interface StoredInstallation {
  readonly items: readonly ReturnType<typeof agentItem>[];
  readonly secrets: readonly StoredSecret[];
  /** The agent's. */
  readonly token: string;
  readonly registryId: string;
  /** What the credential's version is called in the catalogue. */
  readonly version: string;
}

/** `password`: of the credential, which a resolve of IMAGE gives out. */
export function storedInstallation(password: string, version = 'version-1'): StoredInstallation {
  const now = Date.now();
  const { agentId, token, tokenHash } = issueToken();
  const agent: TokenAgent = {
    ...{ id: agentId, name: 'host', role: 'agent', environments: [ENVIRONMENT] },
    ...{ export: false, createdAt: now, tokenHash },
  };
  const current = { version, username: 'puller', issuedAt: now, expiresAt: now + 12 * HOUR };
  const registry = {
    ...registryFixture({
      id: REGISTRY_ID,
      address: canonicalAddress(hostOf(IMAGE)),
      environments: [ENVIRONMENT],
      // At an address that is no host of ECR: a token of Pullpass's own identity would not be given out.
      source: { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01' },
      credential: { current, dueAt: now + 6 * HOUR, consecutiveFailures: 0 },
    }),
    ...{ order: 1, revision: 1 },
  };
  const policy = {
    document: { ...UNRESTRICTED, whitelist: ['*.example.test'], deny: ['banned.example.test'] },
    revision: 1,
    updatedAt: now,
  };
  return {
    items: [
      { ...installationKey(), [INSTALLATION_ID]: text('0a1b2c'), [KINDS]: textSet([registry.source.kind]) },
      ...[agentItem(agent), policyItem(null, policy), registryItem(registry, 1), pointerItem(registry)],
    ],
    secrets: [
      {
        name: secretName(SECRET_PREFIX, REGISTRY_ID, 'issued'),
        versionId: versionToken(version),
        text: writeIssued({ ...current, password: new Secret(password) }),
      },
    ],
    token: token.reveal(),
    registryId: REGISTRY_ID,
    version,
  };
}

function hostOf(image: string): string {
  return image.slice(0, image.indexOf('/'));
}
