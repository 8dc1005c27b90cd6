/** The docker credential helper protocol's answers to `get`. */
import type { Credential } from '../domain/credential.ts';

/** Clients compare this text to the letter, and go on anonymously when they read it. */
export const HELPER_NOT_FOUND = 'credentials not found in native keychain';

/** One line of JSON. `serverKey` is what the client asked with. */
export function helperAnswer(serverKey: string, credential: Pick<Credential, 'username' | 'password'>): string {
  return JSON.stringify({
    ServerURL: serverKey,
    Username: credential.username,
    Secret: credential.password.reveal(),
  });
}
