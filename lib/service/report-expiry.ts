/**
 * Reports that a typed password nears its expiry date, or is past it: each stage once per registry and date, whichever
 * process finds it and however often one is started. What was reported is noted at the registry, in one write with the entry
 * in its history. Not its job: what hosts are given, which a date changes nothing about.
 */
import type { ChangeEntry } from '../domain/audit.ts';
import { daysUntil, stageToReport, type ExpiryStage } from '../domain/expiry-date.ts';
import type { Registry } from '../domain/registry.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';
import { NOTE_CLAIM_MS, type NoteLoginDeps } from './note-login.ts';
import { PULLPASS } from './verification.ts';
import { whereThrown } from './where-thrown.ts';

/** So that many registries with one date leave time for what else a run does; the others come with the next one. */
export const MOST_REPORTS = 200;

/** One registry's trouble is reported, and ends its own turn only: it comes again with the next run. */
export async function reportExpiry(ids: readonly string[], deps: NoteLoginDeps, stop: AbortSignal): Promise<void> {
  for (const id of ids) {
    if (stop.aborted) return;
    try {
      await reportOne(id, deps);
    } catch (error) {
      const fields = error instanceof StoreUnavailable ? { reason: error.code } : whereThrown(error);
      deps.report({ level: 'error', code: 'expiry.report_failed', fields: { registryId: id, ...fields } });
    }
  }
}

async function reportOne(registryId: string, deps: NoteLoginDeps): Promise<void> {
  const now = deps.now();
  const claimId = deps.newId();
  const registry = await deps.catalogue.claimRegistry(registryId, { claimId, now, until: now + NOTE_CLAIM_MS });
  if (registry === 'missing' || registry === 'busy') return;
  const claimed = { registryId, claimId, sourceVersion: registry.sourceVersion };
  const { expiresOn } = registry;
  const stage = registry.state === 'active' ? stageToReport(registry, now) : undefined;
  if (stage === undefined || expiresOn === undefined) {
    await deps.catalogue.finishRefresh(claimed);
    return;
  }
  const expiryReported = { on: expiresOn, stage };
  const daysLeft = daysUntil(expiresOn, now);
  const changes = [entryOf({ registry, stage, expiresOn, daysLeft, now })];
  if ((await deps.catalogue.finishRefresh({ ...claimed, expiryReported, changes })) === 'lost') return;
  const fields = { registryId, address: registry.address, expiresOn, daysLeft };
  deps.report({ level: 'warn', code: codeOf(stage), fields });
}

function codeOf(stage: ExpiryStage): 'registry.password_expired' | 'registry.password_expires_soon' {
  return stage === 'expired' ? 'registry.password_expired' : 'registry.password_expires_soon';
}

function entryOf(about: {
  readonly registry: Pick<Registry, 'id'>;
  readonly stage: ExpiryStage;
  readonly expiresOn: string;
  readonly daysLeft: number;
  readonly now: number;
}): ChangeEntry {
  const { registry, stage, expiresOn, daysLeft, now } = about;
  const detail = stage === 'expired' ? expiresOn : `${expiresOn}, days left: ${daysLeft}`;
  return { type: 'change', at: now, actor: PULLPASS, action: codeOf(stage), subject: registry.id, detail };
}
