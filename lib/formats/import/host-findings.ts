/** What a host's own files say of how it reaches registries, and what does the same here. None of it is a login. */
import { parseAddress } from '../../domain/address.ts';
import { commandToAdd } from './adding.ts';
import { shellWord, shownAddress } from './shown.ts';
import type { Finding } from './wanted.ts';

/** @param location of the mirror, as the file has it: an address or a URL. */
export function mirrorFinding(place: string, location: unknown, environments: readonly string[]): Finding {
  const address = addressOf(location);
  return {
    place,
    what: `is a mirror${address === undefined ? '' : `, ${JSON.stringify(address)}`}: Pullpass gives out logins and chooses no mirrors, so leave this on the hosts`,
    advice: `the login for it: ${commandToAdd(address, environments)}`,
  };
}

/** @param location that is reached so, as the file has it. */
export function insecureFinding(place: string, location: unknown): Finding {
  const address = addressOf(location);
  return {
    place,
    what: `has ${address === undefined ? 'a registry' : JSON.stringify(address)} reached without verified TLS; that belongs to the registry here, and is one of two things`,
    advice: `pullpass registry edit ${shellWord(address ?? 'HOST')} --password-stdin --skip-verify, or --plain-http; better: --ca FILE`,
  };
}

const URL_OF_HOST = /^https?:\/\/([^/?#]*)/i;

/** Of a URL only its host, and that only where it is one: before an "@" there may be a password. */
export function addressOf(location: unknown): string | undefined {
  if (typeof location !== 'string') return undefined;
  const written = URL_OF_HOST.exec(location)?.[1] ?? location;
  const address = parseAddress(written);
  if (address.ok) return address.value.canonical;
  return shownAddress(written) === undefined ? undefined : written;
}
