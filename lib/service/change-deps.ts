/**
 * What the flows that mint, log in and store are given in every process: an administrator's changes and the refresher. How
 * long a mint and a login may take is the process's to say, since somebody may be waiting.
 */
import { randomUUID } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { RefusedStrangers } from '../distribution/control.ts';
import { createLoginCheck } from '../distribution/create-login-check.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import type { SourceKind } from '../sources/source-kind.ts';
import type { Vault } from '../stores/vault.ts';
import type { AddRegistryDeps } from './add-registry.ts';
import type { Report } from './events.ts';
import { expiringMap } from './expiring-cache.ts';

/** The check ends by itself, with what it knows, before it is ended. */
const LOGIN_RESERVE_MS = 2_000;
/** A ban for failed logins counts some within minutes: one an hour and host is far below. */
const STRANGER_MS = 60 * 60_000;
const MAX_STRANGERS = 1_000;

export interface ChangeOptions extends OperatorHosts {
  readonly vault: Vault;
  readonly kinds: readonly SourceKind[];
  readonly report: Report;
  /** CIDRs of registries that are not on public addresses. */
  readonly allowNetworks: readonly string[];
  readonly mintTimeoutMilliseconds: number;
  readonly loginTimeoutMilliseconds: number;
}

export function changeDeps(options: ChangeOptions): Omit<AddRegistryDeps, 'catalogue'> {
  const { vault, kinds, report, allowNetworks, ecrUpstreamHosts } = options;
  const { mintTimeoutMilliseconds, loginTimeoutMilliseconds } = options;
  const ulid = monotonicFactory();
  return {
    vault,
    kinds,
    report,
    ecrUpstreamHosts,
    now: Date.now,
    loginCheck: createLoginCheck({
      allowedNetworks: allowNetworks,
      timeoutMs: loginTimeoutMilliseconds - LOGIN_RESERVE_MS,
      refusedStrangers: refusedStrangers(),
    }),
    deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
    mintTimeoutMilliseconds,
    loginTimeoutMilliseconds,
    random: Math.random,
    newId: () => randomUUID(),
    newRegistryId: () => ulid().toLowerCase(),
  };
}

function refusedStrangers(): RefusedStrangers {
  const kept = expiringMap<true>({ ttlMilliseconds: STRANGER_MS, maxEntries: MAX_STRANGERS, now: Date.now });
  return {
    has: (judge) => kept.get(judge) === true,
    add: (judge) => {
      kept.keep(judge, true, Date.now());
    },
  };
}

/** Where nobody waits at the other end of an HTTP API. */
export const UNHURRIED = { mintTimeoutMilliseconds: 15_000, loginTimeoutMilliseconds: 12_000 } as const;
