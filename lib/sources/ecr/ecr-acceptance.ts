/** What an ECR source takes, and which registries one login opens. Without AWS's clients: those come with the mint, ecr.ts. */
import { createHash } from 'node:crypto';
import type { SourceAcceptance } from '../source-kind.ts';
import { regionOf, roleRequest } from './ecr-role.ts';
import { ecrHostOf, hostName } from './ecr-rules.ts';
import { acceptEcr, inputSchema, KIND, readSettings } from './ecr-settings.ts';

export const ecrAcceptance: SourceAcceptance = {
  kind: KIND,
  renewable: true,
  longestLifetimeMilliseconds: 12 * 3_600_000,
  inputSchema,
  accept: acceptEcr,
  sharingKey({ address, settings }) {
    const stored = readSettings(settings);
    const host = stored === undefined ? undefined : ecrHostOf(address, stored);
    if (stored === undefined || host === undefined) return undefined;
    const role = roleRequest(host, hostName(address, stored), stored);
    const policyHash = role?.policy === undefined ? '' : createHash('sha256').update(role.policy).digest('hex');
    // The fingerprint: of two registries with one access key id, one may hold a mistyped secret.
    const principal = [stored.accessKeyId, stored.accessKeyFingerprint, role?.roleArn, role?.externalId, policyHash];
    return JSON.stringify([host.kind, regionOf(host), ...principal.map((part) => part ?? '')]);
  },
};
