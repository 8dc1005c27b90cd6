/**
 * Notes what came of a login with a registry's present credential: what is stored is what was logged in with, or nothing is
 * written. Whoever logs in says what that does to the credential; said nothing, it is not touched.
 */
import type { ChangeEntry } from '../domain/audit.ts';
import type { CredentialRecord } from '../domain/credential.ts';
import type { Registry, Verification } from '../domain/registry.ts';
import type { LoginCheckOutcome } from '../distribution/login-check.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { Report } from './events.ts';
import { driftNews, noteVerification } from './verification.ts';

export interface NoteLoginDeps {
  readonly catalogue: Pick<Catalogue, 'claimRegistry' | 'finishRefresh'>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly report: Report;
}

export interface LoginToNote {
  /** As it was when its credential was read. */
  readonly registry: Registry;
  /** When the login began: one that ended since then knows better. */
  readonly beganAt: number;
  readonly outcome: LoginCheckOutcome;
  /** What becomes of the credential's record. */
  readonly credential?: (registry: Registry) => CredentialRecord;
  /** Where an administrator asked for it. */
  readonly change?: ChangeEntry;
}

/** `busy`: somebody else works on it. `lost`: it was edited, refreshed or logged in at meanwhile, and this says nothing about it. */
export type NotedLogin =
  | { readonly kind: 'noted'; readonly verification: Verification }
  | { readonly kind: 'missing' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'lost' };

/** Long enough for the one write that follows it. */
export const NOTE_CLAIM_MS = 10_000;

export async function noteLogin(login: LoginToNote, deps: NoteLoginDeps): Promise<NotedLogin> {
  const { outcome, change } = login;
  const { id: registryId } = login.registry;
  const now = deps.now();
  const claimId = deps.newId();
  const registry = await deps.catalogue.claimRegistry(registryId, { claimId, now, until: now + NOTE_CLAIM_MS });
  if (registry === 'missing' || registry === 'busy') return { kind: registry };
  const claimed = { registryId, claimId, sourceVersion: registry.sourceVersion };
  if (!isSameLogin(registry, login.registry) || isOutdated(login, registry)) {
    await deps.catalogue.finishRefresh(claimed);
    return { kind: 'lost' };
  }
  const verification = noteVerification(registry.verification, outcome, now);
  const news = driftNews(registry, verification);
  const stored = await deps.catalogue.finishRefresh({
    ...claimed,
    knownRejection: registry.credential.rejectedVersion,
    ...(login.credential === undefined ? {} : { credential: login.credential(registry) }),
    verification,
    changes: [...(change === undefined ? [] : [change]), ...(news === undefined ? [] : [news.entry])],
  });
  if (stored === 'lost') return { kind: 'lost' };
  if (news !== undefined) deps.report(news.event);
  return { kind: 'noted', verification };
}

/** Every edit counts the revision up, every refresh makes a version. */
function isSameLogin(stored: Registry, used: Registry): boolean {
  return stored.revision === used.revision && stored.credential.current?.version === used.credential.current?.version;
}

/** One that was there when ours began is no newer, whatever the clock said of the machine that wrote it. */
function isOutdated({ beganAt, registry }: LoginToNote, { verification }: Registry): boolean {
  return verification !== undefined && verification.at !== registry.verification?.at && verification.at > beganAt;
}
