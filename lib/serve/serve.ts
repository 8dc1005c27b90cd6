/**
 * `pullpass serve`: opens the store, starts the refresher and the background check and listens, until it is told to
 * stop. Says on standard output what a person needs to go on, and logs events on standard error.
 */
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { hostname } from 'node:os';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { badRowReport } from '../service/bad-row-report.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { parseOperatorHosts } from '../domain/secret-destination.ts';
import { packageVersion } from '../package-files.ts';
import { parseNetworks } from '../distribution/address-guard.ts';
import { localServer, type TlsFiles } from '../http/local-server.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../stores/embedded/open-embedded-store.ts';
import { ensureAdminToken } from './admin-token.ts';
import { checkStoredTimes, startClockWatch } from './clock-watch.ts';
import { compose } from './compose.ts';
import { greeting } from './greeting.ts';
import { loadHostScripts } from './host-scripts.ts';
import { isLoopbackHost, listen, reportRefusedConnections, type ListenFailure } from './listen.ts';
import { eventLog, type EventLog } from './log.ts';
import { startRefreshLoop } from './refresh-loop.ts';
import { startReverifyLoop } from './reverify-loop.ts';
import { sweepVault } from './sweep-vault.ts';

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly dataDirectory: string;
  readonly keyFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly insecureHttp: boolean;
  /** CIDRs of registries that are not on public addresses; empty: the defaults below. */
  readonly allowNetworks: readonly string[];
  /** Hosts before ECR that Pullpass's own AWS identity may be used for. */
  readonly ecrUpstreamHosts: readonly string[];
  /** Token endpoints, beside Google's own, that a service account key may name: exact URLs. */
  readonly trustedTokenUris: readonly string[];
}

/** Registries in one's own network are what a local Pullpass is for; the machine itself only when nobody else can ask. */
const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128'];

/** The exit code: 0 after an orderly stop, 1 when it could not start. */
export async function runServe(options: ServeOptions): Promise<number> {
  const tls = await readTls(options);
  if (!tls.ok) return complain(tls.failure);
  const exposed = !isLoopbackHost(options.host) && tls.value === undefined && !options.insecureHttp;
  if (exposed) {
    return complain(
      `${options.host} is not a loopback address, and without TLS tokens and passwords could be read on the way: ` +
        'give --tls-cert and --tls-key, or --insecure-http where something in front of it speaks TLS',
    );
  }
  const allowed = parseNetworks(options.allowNetworks);
  if (!allowed.ok) return complain(`--allow-network ${allowed.failure.rule}`);
  const upstreamHosts = parseOperatorHosts(options.ecrUpstreamHosts);
  if (!upstreamHosts.ok) return complain(`--ecr-upstream-host ${upstreamHosts.failure.rule}`);
  const log = eventLog();
  try {
    return await openAndServe({ options: { ...options, ecrUpstreamHosts: upstreamHosts.value }, tls: tls.value, log });
  } finally {
    await log.close();
  }
}

interface Serving {
  readonly options: ServeOptions;
  readonly tls: TlsFiles | undefined;
  readonly log: EventLog;
}

async function openAndServe(serving: Serving): Promise<number> {
  const { options, log } = serving;
  const opened = await openEmbeddedStore({
    directory: options.dataDirectory,
    ...(options.keyFile === undefined ? {} : { keyFile: options.keyFile }),
    onBadRow: badRowReport(log.report),
  });
  if (!opened.ok) return complain(opened.failure.advice);
  try {
    return await serveStore({ ...serving, store: opened.value });
  } finally {
    await opened.value.close();
  }
}

async function serveStore(parts: Serving & { readonly store: EmbeddedStore }): Promise<number> {
  const { options, tls, store } = parts;
  const { report } = parts.log;
  const ending = new AbortController();
  for (const path of store.copies) report({ level: 'info', code: 'store.copied', fields: { path } });
  await sweepVault({ ...store, report, now: Date.now });
  const admin = await ensureAdminToken(options.dataDirectory, { catalogue: store.catalogue, now: Date.now });
  const composition = compose({
    catalogue: store.catalogue,
    vault: store.vault,
    report,
    allowNetworks: networks(options),
    ecrUpstreamHosts: options.ecrUpstreamHosts,
    sources: { google: { trustedTokenUris: options.trustedTokenUris } },
    hostScripts: await loadHostScripts(),
    version: packageVersion(),
    ending: ending.signal,
  });
  const clock = { store, report, now: Date.now, elapsed: () => performance.now(), onStep: composition.forget };
  await checkStoredTimes(clock);
  const server = localServer(composition, tls);
  reportRefusedConnections(server, { report, now: Date.now });
  const listening = await listen(server, options);
  if (!listening.ok) return complain(listenAdvice(listening.failure, options));

  const watching = startClockWatch(clock);
  const loop = startRefreshLoop(composition.refreshDeps, (run) => {
    if (run.refreshed + run.failed > 0) composition.forget();
  });
  const reverifying = startReverifyLoop(composition.reverifyDeps);
  const url = `${tls === undefined ? 'http' : 'https'}://${clientHost(options.host)}:${listening.value}`;
  // Before anybody is told that it runs, and may tell it to stop.
  const stopSignal = nextStopSignal();
  process.stdout.write(greeting({ url, adminTokenFile: admin.file, dataDirectory: options.dataDirectory }));
  report({ level: 'info', code: 'serve.listening', fields: { url } });
  report({ level: 'info', code: 'serve.stopping', fields: { signal: await stopSignal } });
  const background = Promise.all([loop.stop(), reverifying.stop(), watching.stop()]);
  // Hosts are answered until the background work has ended, or has had its time.
  await Promise.race([background, setTimeout(FINISH_MS, undefined, { ref: false })]);
  ending.abort();
  await Promise.all([background, closed(server)]);
  return 0;
}

/**
 * `docker stop` and systemd's units in containers kill after 10 seconds. What is being minted may end by itself in the first
 * span, connections in the second.
 */
const FINISH_MS = 4_000;
const CLOSE_MS = 3_000;

function complain(message: string): number {
  process.stderr.write(`pullpass: ${message}\n`);
  return 1;
}

function networks(options: ServeOptions): readonly string[] {
  if (options.allowNetworks.length > 0) return options.allowNetworks;
  return isLoopbackHost(options.host) ? [...PRIVATE_NETWORKS, ...LOOPBACK_NETWORKS] : PRIVATE_NETWORKS;
}

/** What clients can connect to: of an address that stands for all of them, the name that this machine gives itself. */
function clientHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? hostname() : urlHost(host);
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function readTls(options: ServeOptions): Promise<Result<TlsFiles | undefined, string>> {
  const { tlsCertFile, tlsKeyFile } = options;
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return success(undefined);
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    return failure('--tls-cert and --tls-key go together: give both, or neither');
  }
  try {
    const [certificate, key] = await Promise.all([readFile(tlsCertFile, 'utf8'), readFile(tlsKeyFile, 'utf8')]);
    return isKeyPair(certificate, key)
      ? success({ certificate, key })
      : failure(`${tlsCertFile} and ${tlsKeyFile} are not a certificate and its private key, both in PEM`);
  } catch {
    return failure(`the TLS files cannot be read: ${tlsCertFile}, ${tlsKeyFile}`);
  }
}

function isKeyPair(certificate: string, key: string): boolean {
  try {
    createSecureContext({ cert: certificate, key });
    return true;
  } catch {
    return false;
  }
}

function listenAdvice(found: ListenFailure, options: ServeOptions): string {
  const where = `${urlHost(options.host)}:${options.port}`;
  switch (found.code) {
    case 'in_use':
      return `${where} is in use by another program: give another one with --port`;
    case 'not_allowed':
      return `${where} may not be listened on by this user: give a --port above 1023`;
    case 'no_such_address':
      return `${options.host} is not an address of this machine: give one with --host`;
    case 'failed':
      return `${where} cannot be listened on`;
  }
}

async function nextStopSignal(): Promise<string> {
  return await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve);
  });
}

async function closed(server: Server): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  await Promise.race([ended, setTimeout(CLOSE_MS, undefined, { ref: false })]);
  server.closeAllConnections();
  await ended;
}
