/** What a Google source takes, and which registries one token opens. Without Google's library: that comes with the mint, google.ts. */
import type { SourceAcceptance } from '../source-kind.ts';
import { acceptGoogle, GOOGLE_TOKEN_URI, inputSchema, KIND, readSettings, type IsTrusted } from './google-settings.ts';

/** @param trustedTokenUris token endpoints, beside Google's own, that a key may name: exact URLs. */
export function trustsTokenUri(trustedTokenUris: readonly string[]): IsTrusted {
  return (tokenUri) => GOOGLE_TOKEN_URI.test(tokenUri) || trustedTokenUris.includes(tokenUri);
}

export function googleAcceptance(isTrusted: IsTrusted): SourceAcceptance {
  return {
    kind: KIND,
    renewable: true,
    // An hour unless the organisation allows more: 12 hours at most.
    longestLifetimeMilliseconds: 12 * 3_600_000,
    inputSchema,
    accept: (request) => acceptGoogle(request, isTrusted),
    sharingKey({ settings }) {
      const stored = readSettings(settings);
      if (stored === undefined) return undefined;
      // The fingerprint, because a file can claim any id: somebody else's broken key must not fail for a good one.
      const { clientEmail, keyFingerprint, tokenUri, scopes } = stored;
      return JSON.stringify([clientEmail, keyFingerprint, tokenUri, scopes.toSorted()]);
    },
  };
}
