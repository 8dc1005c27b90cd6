/**
 * When the background check looks at a registry next: pure arithmetic on times, in milliseconds. Not by chance but by the
 * registry's id, so that every process comes to the same answer and none has to store it.
 */
import { createHash } from 'node:crypto';
import { endOfDay } from '../domain/expiry-date.ts';
import type { Registry } from '../domain/registry.ts';
import { isTransient } from './verification.ts';

const HOUR_MS = 3_600_000;
const EVERY_MS = 24 * HOUR_MS;
/** What was added together is looked at over a quarter of a day. */
const SPREAD_MS = 6 * HOUR_MS;
/** So that the next hourly run takes it. */
const SOON_MS = 45 * 60_000;

type Scheduled = Pick<Registry, 'id' | 'verification' | 'credential' | 'updatedAt' | 'expiresOn'>;

/**
 * A day after the last login at most; undefined: not before there is a credential. After a typed password's expiry date within
 * a quarter of a day, since whether it is dead only a login says.
 */
export function reverifyAt({ id, verification, credential, updatedAt, expiresOn }: Scheduled): number | undefined {
  if (credential.current === undefined) return undefined;
  const lot = Math.floor(lotOf(id) * SPREAD_MS);
  if (verification === undefined) return updatedAt + lot;
  const { status, drift } = verification;
  // A service that forbids a login may forbid it to this address, and for an hour.
  const mayBeOver = status === 'forbidden' || (drift !== undefined && isTransient(status));
  const at = verification.at + (mayBeOver ? SOON_MS : EVERY_MS - lot);
  const expiredAt = expiresOn === undefined ? undefined : endOfDay(expiresOn);
  return expiredAt === undefined || verification.at >= expiredAt ? at : Math.min(at, expiredAt + lot);
}

/** 0 to 1, always the same for an id, and unlike for ids that follow each other. */
function lotOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;
}
