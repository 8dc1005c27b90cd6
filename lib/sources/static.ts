/**
 * A user name and a password as an administrator typed them, for any registry. Google's `_json_key`, where the password
 * is a whole key file, is one of these too.
 */
import * as z from 'zod/mini';
import { splitAddress, type CanonicalAddress } from '../domain/address.ts';
import { textFromBase64, withoutLineBreaks } from '../domain/base64-text.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { isGoogleHost } from '../domain/google-host.ts';
import { isJsonObject } from '../domain/key-file-text.ts';
import { parseDocument } from '../domain/parse-document.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { isWithinSecretLimit, SECRET_LIMIT_RULE } from '../domain/secret-limit.ts';
import { Secret } from '../domain/secret.ts';
import { shortLivedLogin } from '../domain/short-lived-login.ts';
import { NOT_A_KEY_FILE, parseServiceAccountKey } from './google/service-account-key.ts';
import { failedMint } from './mint-failure.ts';
import { findPreset, REGISTRY_PRESETS } from './registry-presets.ts';
import type { AcceptedSource, SourceKind } from './source-kind.ts';
import { readStoredSecret } from './stored-secret.ts';

const KIND = 'static';
const CONTROL_CHARACTER = /\p{Cc}/u;

const username = z.string().check(
  z.minLength(1, 'must not be empty'),
  z.maxLength(255),
  z.refine((text) => text.isWellFormed() && !CONTROL_CHARACTER.test(text), 'must not hold control characters'),
  // https://www.rfc-editor.org/rfc/rfc7617#section-2
  z.refine((text) => !text.includes(':'), 'must not hold ":": a login ends the user name at the first one'),
);

const password = z.string().check(
  z.minLength(1, 'must not be empty'),
  z.refine(
    (text) => text.isWellFormed() && isWithinSecretLimit(text),
    `must be well-formed text of ${SECRET_LIMIT_RULE}`,
  ),
  z.meta({ writeOnly: true, description: 'Password, access token, or for "_json_key" the whole key file.' }),
);

const inputSchema = z.strictObject({
  kind: z.literal(KIND),
  username,
  password,
  preset: z
    .optional(z.enum(REGISTRY_PRESETS.map(({ id }) => id)))
    .check(z.meta({ description: 'The ready-made choice that was made; the address must be its own.' })),
});
const editSchema = z.partial(inputSchema);

export const storedSettings = z.object({ kind: z.literal(KIND), username: z.string() });
const storedSecret = z.object({ password: z.string() });

export function staticSource(): SourceKind {
  return {
    kind: KIND,
    renewable: false,
    inputSchema,
    accept: acceptStatic,
    // Two registries may well have the same user name and different passwords.
    sharingKey: () => undefined,
    async mint({ settings, secret }) {
      const stored = z.safeParse(storedSettings, settings);
      const login = readStoredSecret(storedSecret, secret);
      if (!stored.success || login === undefined || login.password === '') {
        return failedMint('bad_secret', 'the stored password cannot be used; give it again');
      }
      return success({ username: stored.data.username, password: new Secret(login.password) });
    },
  };
}

function acceptStatic({
  input,
  address,
  previous,
}: Parameters<SourceKind['accept']>[0]): Result<AcceptedSource, InvalidInput> {
  const earlier = z.safeParse(storedSettings, previous?.settings);
  const parsed = parseDocument(earlier.success ? editSchema : inputSchema, input, 'source');
  if (!parsed.ok) return parsed;
  const { preset, ...login } = parsed.value;
  if (preset !== undefined && !belongsTo(preset, address)) {
    return failure(invalidInput('source.preset', 'is for another address than this one'));
  }
  const earlierName = earlier.success ? earlier.data.username : undefined;
  const name = login.username ?? earlierName;
  if (name === undefined) return failure(invalidInput('source.username', 'is required: a text'));
  const kept = name === earlierName ? readStoredSecret(storedSecret, previous?.secret) : undefined;
  const secret = asSent(name, login.password) ?? kept?.password;
  if (secret === undefined) {
    const rule =
      earlierName === undefined || name === earlierName
        ? 'is required: a text'
        : 'must be given again when the user name is changed';
    return failure(invalidInput('source.password', rule));
  }
  const refused = refuseLogin({ username: name, password: secret }, address);
  if (refused !== undefined) return failure(refused);
  const keep: z.infer<typeof storedSecret> = { password: secret };
  return success({ settings: { kind: KIND, username: name }, secret: new Secret(JSON.stringify(keep)) });
}

function belongsTo(presetId: string, address: CanonicalAddress): boolean {
  const preset = findPreset(presetId);
  const { host } = splitAddress(address);
  return preset?.source === 'google' ? isGoogleHost(host) : preset?.address === host;
}

interface Login {
  readonly username: string;
  readonly password: string;
}

/** Clients send base64 as the one line that Google reads, however many lines the file had. */
function asSent(username: string, password: string | undefined): string | undefined {
  return username === '_json_key_base64' && password !== undefined ? withoutLineBreaks(password) : password;
}

/** Logins that can't work, or that would stop working within hours while they are taken for lasting ones. */
function refuseLogin({ username, password }: Login, address: CanonicalAddress): InvalidInput | undefined {
  const { host } = splitAddress(address);
  switch (username) {
    // At any host: Google's registries may stand behind a name of one's own, and the key was typed for just this address.
    case '_json_key':
      return keyFileFault(password);
    case '_json_key_base64':
      return keyFileFault(textFromBase64(password));
    default:
      break;
  }
  const shortLived = shortLivedLogin({ host, username, password });
  if (shortLived?.certain === true) {
    const { knownBy, what, instead } = shortLived;
    return invalidInput(`source.${knownBy}`, `${knownBy === 'username' ? 'is for' : 'is'} ${what}: ${instead}`);
  }
  if (username === password) {
    const rule =
      "must not be the password: user names are shown. Registries that take a token twice take the account's e-mail, too";
    return invalidInput('source.username', rule);
  }
  // A key file in lines is a password like any other (cr.yandex), but for the line break at its end.
  if (!CONTROL_CHARACTER.test(password) || (isJsonObject(password) && password === password.trim())) return undefined;
  return invalidInput(
    'source.password',
    'must not hold control characters; a line break at its end is a common mistake',
  );
}

/** Hosts get this very text, so it has to be the file's own. */
function keyFileFault(keyFile: string | undefined): InvalidInput | undefined {
  if (keyFile === undefined || !isJsonObject(keyFile)) return invalidInput('source.password', NOT_A_KEY_FILE);
  const read = parseServiceAccountKey(keyFile, 'source.password');
  return read.ok ? undefined : read.failure;
}
