/** One entry of `auths`, in all the forms that docker, podman and Kubernetes write: a user name and a password, or why not. */
import { textFromBase64 } from '../../domain/base64-text.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { Secret } from '../../domain/secret.ts';
import { fieldsOf } from './structured-text.ts';

export interface DockerLogin {
  readonly username: string;
  readonly password: Secret;
}

/** `empty`: the entry says only that there is a login, which a credential helper has. */
export type NoLogin = { readonly kind: 'empty' } | { readonly kind: 'unusable'; readonly what: string };

const FIELDS = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'] as const;
type Fields = Readonly<Record<(typeof FIELDS)[number], string>>;

/** docker's own marker for "the secret is an identity token". */
const TOKEN_USER = '<token>';

export function readDockerLogin(entry: unknown): Result<DockerLogin, NoLogin> {
  // Go reads null as an entry without anything in it.
  const members = fieldsOf(entry ?? {}, FIELDS);
  if (members === undefined) return unusable('is not an object with a login');
  const fields = textFields(members);
  if (fields === undefined) return unusable(`has ${FIELDS.join(', ')} that are not texts`);
  const { auth, username, password, identitytoken, registrytoken } = fields;
  const hasToken = identitytoken !== '' || registrytoken !== '';
  // Where both are given, docker and Kubernetes go by `auth`.
  const login = auth === '' ? success({ username, password }) : decodeAuth(auth);
  if (!login.ok && (username === '' || password === '')) return login;
  const { username: user, password: secret } = login.ok ? login.value : { username, password };
  if (user === TOKEN_USER || (secret === '' && hasToken)) {
    return unusable('holds a token that only the docker client can use, and no password');
  }
  if (user === '' && secret === '') return failure({ kind: 'empty' });
  if (user === '') return unusable('has no user name');
  if (secret === '') return unusable('has no password');
  return success({ username: user, password: new Secret(secret) });
}

function unusable(what: string): { readonly ok: false; readonly failure: NoLogin } {
  return failure({ kind: 'unusable', what });
}

function textFields(members: ReadonlyMap<(typeof FIELDS)[number], unknown>): Fields | undefined {
  const texts: Record<keyof Fields, string> = {
    ...{ auth: '', username: '', password: '', identitytoken: '', registrytoken: '' },
  };
  for (const field of FIELDS) {
    const value = members.get(field) ?? '';
    if (typeof value !== 'string') return undefined;
    texts[field] = value;
  }
  return texts;
}

/** Cut at the first colon: a password may hold more of them. docker drops NUL bytes at the end, and so is the login. */
function decodeAuth(auth: string): Result<{ readonly username: string; readonly password: string }, NoLogin> {
  const text = textFromBase64(auth);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0)
    return unusable('has an "auth" that is not base64 of user name, ":" and password');
  return success({ username: text.slice(0, colon), password: withoutFinalNuls(text.slice(colon + 1)) });
}

/** Not by a pattern: looking for the end from each NUL in turn takes time by the square of their number. */
function withoutFinalNuls(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\0') end -= 1;
  return text.slice(0, end);
}
