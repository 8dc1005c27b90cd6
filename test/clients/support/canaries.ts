/**
 * Secrets that must not turn up anywhere. A test registers every one it uses; at its end the bytes of everything that was
 * written are searched for each, as it is and in the forms in which secrets usually travel.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const LEAST_LENGTH = 12;

export interface Finding {
  /** The name under which the secret was registered. */
  readonly canary: string;
  readonly form: string;
  readonly file: string;
}

export interface Canaries {
  /** Registers a secret and answers it. `username`: it is also looked for as Basic credentials of this user. */
  add(name: string, secret: string, username?: string): string;
  /** Searches texts that a test holds itself: an HTTP answer, what was on a screen. */
  inText(where: string, text: string): Finding[];
  /**
   * Searches every file below these folders; `except` are paths or folders that hold the secret by design: the private
   * cache of a helper, a key file that the test wrote.
   */
  inFolders(folders: readonly string[], except?: readonly string[]): Finding[];
}

interface Needle {
  readonly canary: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Base64 of a text in the middle of another looks different for each of three offsets: the parts that are the same. */
function base64Middles(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('\0'.repeat(offset) + secret).toString('base64');
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
}

function needlesFor(canary: string, secret: string, username: string | undefined): Needle[] {
  const forms: readonly (readonly [string, string])[] = [
    ['as it is', secret],
    ['URL-encoded', encodeURIComponent(secret)],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['hexadecimal', Buffer.from(secret).toString('hex')],
    ...base64Middles(secret).map((text) => ['base64', text] as const),
    ...base64Middles(secret).map((text) => ['base64url', text.replaceAll('+', '-').replaceAll('/', '_')] as const),
    ...(username === undefined ? [] : [['Basic', Buffer.from(`${username}:${secret}`).toString('base64')] as const]),
  ];
  return forms.map(([form, text]) => ({ canary, form, bytes: Buffer.from(text) }));
}

function filesBelow(folder: string, except: readonly string[]): string[] {
  if (except.includes(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (except.includes(path)) return [];
    if (entry.isDirectory()) return filesBelow(path, except);
    return entry.isFile() ? [path] : [];
  });
}

export function createCanaries(): Canaries {
  const needles: Needle[] = [];
  const inBytes = (file: string, bytes: Buffer): Finding[] =>
    needles
      .filter((needle) => bytes.includes(needle.bytes))
      .map(({ canary, form }) => ({ canary, form, file }))
      .filter((finding, index, all) => all.findIndex(({ canary }) => canary === finding.canary) === index);
  return {
    add: (name, secret, username) => {
      if (secret.length < LEAST_LENGTH) throw new Error(`${name} is too short to be told from chance`);
      needles.push(...needlesFor(name, secret, username));
      return secret;
    },
    inText: (where, text) => inBytes(where, Buffer.from(text)),
    inFolders: (folders, except = []) =>
      folders.flatMap((folder) =>
        filesBelow(folder, except).flatMap((file) => inBytes(relative(folder, file), readFileSync(file))),
      ),
  };
}
