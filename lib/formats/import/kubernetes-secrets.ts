/** Pull secrets as `kubectl get secret -o json` or `-o yaml` prints them: one, several in a List, several documents. */
import { textFromBase64 } from '../../domain/base64-text.ts';
import { failure, success } from '../../domain/result.ts';
import { collectDockerConfig } from './docker-config.ts';
import { gatherLogins, type Logins } from './logins.ts';
import { shownName } from './shown.ts';
import { itemsOf, membersOf, parseJson, parseYaml } from './structured-text.ts';
import type { LoginOptions, ReadFile } from './wanted.ts';

type Members = ReadonlyMap<string, unknown>;

/** By the type of the secret: the key of `data` that holds the logins. */
const PULL_SECRETS = [
  { type: 'kubernetes.io/dockerconfigjson', key: '.dockerconfigjson' },
  { type: 'kubernetes.io/dockercfg', key: '.dockercfg' },
] as const;

/** KubeSphere's one flag for plain HTTP and for certificates that are not verified. */
const KUBESPHERE_INSECURE = 'secret.kubesphere.io/force-insecure';

export function readKubernetesSecrets(text: string, options: LoginOptions): ReadFile {
  const json = parseJson(text);
  const documents = json.ok ? success([json.value]) : parseYaml(text);
  if (!documents.ok) return documents;
  const secrets = documents.value.flatMap(secretsIn);
  const logins = gatherLogins(options);
  // The content of a secret by itself, as `base64 -d` gives it, is a docker config.
  const bare =
    secrets.length === 0 &&
    documents.value.some((document) => collectDockerConfig(document, { where: '', readBy: 'kubernetes' }, logins));
  if (bare) return success(logins.wanted());
  if (secrets.length === 0)
    return failure({ what: 'it holds no Kubernetes Secret', advice: 'export them by kubectl get secret -o yaml' });
  const others = secrets.filter((secret) => !collectSecret(secret, logins)).length;
  return success(
    logins.wanted(
      others === 0 ? [] : [`${others} of ${secrets.length} secrets are no pull secrets and were passed over`],
    ),
  );
}

function secretsIn(document: unknown): readonly Members[] {
  const members = membersOf(document);
  if (members === undefined) return [];
  if (members.get('kind') === 'Secret') return [members];
  const items = itemsOf(members.get('items')) ?? [];
  return items.flatMap((item) => {
    const secret = membersOf(item);
    // In a SecretList the items need not say what they are.
    const kind = secret?.get('kind') ?? (members.get('kind') === 'SecretList' ? 'Secret' : undefined);
    return secret !== undefined && kind === 'Secret' ? [secret] : [];
  });
}

/** Whether it is a pull secret. */
function collectSecret(secret: Members, logins: Logins): boolean {
  const data = membersOf(secret.get('data')) ?? new Map<string, unknown>();
  const plain = membersOf(secret.get('stringData')) ?? new Map<string, unknown>();
  const type = secret.get('type');
  const found = PULL_SECRETS.find((known) => type === known.type || data.has(known.key) || plain.has(known.key));
  if (found === undefined) return false;
  const place = `secret ${nameOf(secret)}`;
  const text = textOf(plain.get(found.key), data.get(found.key));
  if (text === undefined) {
    logins.tell({ place, what: `has no base64 text in data[${JSON.stringify(found.key)}]` });
    return true;
  }
  const config = parseJson(text);
  if (!config.ok || !collectDockerConfig(config.value, { where: `${place}: `, readBy: 'kubernetes' }, logins)) {
    logins.tell({ place, what: `holds no docker config in ${found.key}` });
  }
  tellInsecure(secret, place, logins);
  return true;
}

/** As Kubernetes has it: what stands in `stringData` comes before `data`. */
function textOf(plain: unknown, encoded: unknown): string | undefined {
  if (typeof plain === 'string') return plain;
  return typeof encoded === 'string' ? textFromBase64(encoded) : undefined;
}

function nameOf(secret: Members): string {
  const metadata = membersOf(secret.get('metadata'));
  const parts = [metadata?.get('namespace'), metadata?.get('name')].filter((part) => shownName(part) !== undefined);
  return parts.length === 0 ? 'without a name' : parts.join('/');
}

function tellInsecure(secret: Members, place: string, { tell, options }: Logins): void {
  const annotations = membersOf(membersOf(secret.get('metadata'))?.get('annotations'));
  if (annotations?.get(KUBESPHERE_INSECURE) !== 'true' || options.tls.size > 0) return;
  tell({
    place,
    what: 'was used by KubeSphere without verified TLS; here it is imported with it',
    advice: 'where the login fails, say which it is: --ca HOST=FILE, --skip-verify HOST or --plain-http HOST',
  });
}
