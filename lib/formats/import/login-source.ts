/** Which source a login stands for: most are user names and passwords, some are tokens that last for hours, some are keys. */
import { splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import { textFromBase64 } from '../../domain/base64-text.ts';
import { parseEcrHost } from '../../domain/ecr-host.ts';
import { isGoogleHost } from '../../domain/google-host.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { Secret } from '../../domain/secret.ts';
import type { DockerLogin } from './docker-login.ts';
import { environmentFlags, shellWord } from './shown.ts';
import { membersOf, parseJson } from './structured-text.ts';
import type { Unreadable, WantedSource } from './wanted.ts';

export interface LoginSource {
  readonly source: WantedSource;
  readonly notes: readonly string[];
}

/** Made by Pullpass's own AWS identity, unless the registry is given a role. */
export const OWN_ECR: WantedSource = { kind: 'ecr', settings: {} };

export function sourceOfLogin(
  address: CanonicalAddress,
  login: DockerLogin,
  environments: readonly string[],
): Result<LoginSource, Unreadable> {
  const { host } = splitAddress(address);
  const { username, password } = login;
  if (username === 'AWS' && parseEcrHost(host) !== undefined) {
    const notes = ["the token in the file ends within 12 hours and is left: Pullpass's AWS identity makes its own"];
    return success({ source: OWN_ECR, notes });
  }
  if (isGoogleHost(host)) {
    switch (username) {
      case 'oauth2accesstoken':
        return failure({
          what: 'holds an access token that ends within the hour',
          advice: googleAdvice(address, environments),
        });
      case '_json_key':
        return success({ source: googleSource(password.reveal()), notes: [] });
      case '_json_key_base64':
        return success({ source: googleSource(textFromBase64(password.reveal()) ?? password.reveal()), notes: [] });
      default:
        break;
    }
  }
  return success({ source: { kind: 'static', settings: { username }, secret: password }, notes: [] });
}

export function googleAdvice(address: string, environments: readonly string[]): string {
  return `give it a service account key: pullpass registry add ${shellWord(address)} ${environmentFlags(environments)} --key-file FILE`;
}

/** Hosts then get access tokens of an hour, and never the key. Whether it is one is the source kind's to say. */
function googleSource(keyFile: string): WantedSource {
  const parsed = parseJson(keyFile);
  const clientEmail = parsed.ok ? membersOf(parsed.value)?.get('client_email') : undefined;
  return {
    kind: 'google',
    settings: typeof clientEmail === 'string' ? { clientEmail } : {},
    secret: new Secret(keyFile),
  };
}
