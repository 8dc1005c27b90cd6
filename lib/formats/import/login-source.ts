/** Which source a login stands for: most are user names and passwords, some are tokens of some hours, some are keys. */
import { splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import { textFromBase64 } from '../../domain/base64-text.ts';
import { parseEcrHost } from '../../domain/ecr-host.ts';
import { isGoogleHost } from '../../domain/google-host.ts';
import { isJsonObject, parseKeyFile } from '../../domain/key-file-text.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { Secret } from '../../domain/secret.ts';
import { shortLivedLogin } from '../../domain/short-lived-login.ts';
import { addingByHand, commandToAdd, commandToAddUpstream } from './adding.ts';
import type { DockerLogin } from './docker-login.ts';
import { membersOf } from './structured-text.ts';
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
    const notes = ["the token in the file expires within 12 hours and is left: Pullpass's AWS identity makes its own"];
    return success({ source: OWN_ECR, notes });
  }
  if (isGoogleHost(host) && (username === '_json_key' || username === '_json_key_base64')) {
    return success({ source: googleSource(password.reveal()), notes: [] });
  }
  if (username === password.reveal()) {
    return failure({
      what: 'has its password as the user name, too, and user names are shown',
      advice: `registries that take a token twice take the name of the account, too: ${commandToAdd(address, environments)}`,
    });
  }
  const shortLived = shortLivedLogin({ host, username, password: password.reveal() });
  if (shortLived?.certain === true) {
    const { what, instead } = shortLived;
    return failure({ what: `holds ${what}`, advice: insteadOf({ address, username, instead }, environments) });
  }
  const notes = shortLived === undefined ? [] : [`this is ${shortLived.what}; ${shortLived.instead}`];
  return success({ source: { kind: 'static', settings: { username }, secret: password }, notes });
}

function insteadOf(
  login: { readonly address: CanonicalAddress; readonly username: string; readonly instead: string },
  environments: readonly string[],
): string {
  const { address, username, instead } = login;
  if (username === 'AWS') return `${instead}: ${commandToAddUpstream(address, environments)}`;
  if (isGoogleHost(splitAddress(address).host)) return addingByHand(address, environments);
  return `${instead}: ${commandToAdd(address, environments)}`;
}

/** Hosts then get access tokens of an hour, and never the key. Whether it is one is the source kind's to say. */
function googleSource(keyFile: string): WantedSource {
  const clientEmail = membersOf(parseKeyFile(keyFile))?.get('client_email');
  return {
    kind: 'google',
    settings: typeof clientEmail === 'string' ? { clientEmail } : {},
    secret: new Secret(isJsonObject(keyFile) ? keyFile : (textFromBase64(keyFile) ?? keyFile)),
  };
}
