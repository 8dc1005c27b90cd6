/**
 * A whole Pullpass in this process: the embedded store in a folder of its own, the local server on a free port. Whatever it
 * answers is held against the OpenAPI document that it serves; an answer that is not described fails the test at `close`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiHandler } from '../../lib/http/api.ts';
import { localServer } from '../../lib/http/local-server.ts';
import { compose } from '../../lib/serve/compose.ts';
import { listen } from '../../lib/serve/listen.ts';
import { createAgent } from '../../lib/service/agents.ts';
import { badRowReport } from '../../lib/service/bad-row-report.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import { refreshDue } from '../../lib/service/refresh.ts';
import { reverifyDue, type ReverifyRun } from '../../lib/service/reverify.ts';
import type { SourceKindsConfig } from '../../lib/sources/kinds-in-place.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { checkedHandler } from './described-answers.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, or undefined where it is not JSON. */
  readonly body: unknown;
}

export interface RunningPullpass {
  readonly url: string;
  readonly adminToken: string;
  readonly store: EmbeddedStore;
  readonly events: ServiceEvent[];
  readonly directory: string;
  /** For events that the local server never makes. */
  readonly handler: ApiHandler;
  /** `call('POST /v1/registries', { … })`, as the administrator unless another token (or none: '') is given. */
  call(
    what: string,
    body?: unknown,
    options?: { readonly token?: string; readonly headers?: Record<string, string> },
  ): Promise<Answer>;
  createAgent(input: Record<string, unknown>): Promise<string>;
  refresh(): Promise<void>;
  /** The background check, that long from now. */
  reverifyIn(milliseconds: number): Promise<ReverifyRun>;
  close(): Promise<void>;
}

export async function startPullpass(
  options: { readonly sources?: SourceKindsConfig; readonly ecrUpstreamHosts?: readonly string[] } = {},
): Promise<RunningPullpass> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-test-'));
  const events: ServiceEvent[] = [];
  const onBadRow = badRowReport((event) => events.push(event));
  const opened = await openEmbeddedStore({ directory, onBadRow });
  if (!opened.ok) throw new Error(opened.failure.advice);
  const store = opened.value;
  const composition = compose({
    catalogue: store.catalogue,
    vault: store.vault,
    report: (event) => {
      events.push(event);
    },
    allowNetworks: ['127.0.0.0/8'],
    ecrUpstreamHosts: options.ecrUpstreamHosts ?? [],
    sources: options.sources ?? {},
    hostScripts: new Map([['install.sh', '#!/bin/sh\n']]),
    version: 'test',
  });
  const { handler, undescribed } = await checkedHandler(composition.handler);
  events.length = 0;
  const server = localServer({ ...composition, handler }, undefined);
  const listening = await listen(server, { host: '127.0.0.1', port: 0 });
  if (!listening.ok) throw new Error(listening.failure.code);
  const url = `http://127.0.0.1:${listening.value}`;
  const admin = await createAgent({ name: 'test admin', role: 'admin' }, 'test', {
    catalogue: store.catalogue,
    now: Date.now,
  });
  if (!admin.ok) throw new Error('no administrator');
  const adminToken = admin.value.token.reveal();

  const call: RunningPullpass['call'] = async (what, body, options = {}) => {
    const [method, path] = what.split(' ');
    const token = options.token ?? adminToken;
    const response = await fetch(`${url}${path ?? ''}`, {
      method: method ?? 'GET',
      headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...options.headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  };
  return {
    url,
    adminToken,
    store,
    events,
    directory,
    handler,
    call,
    createAgent: async (input) => {
      const { body } = await call('POST /v1/agents', { name: 'host', ...input });
      if (typeof body !== 'object' || body === null || !('token' in body)) throw new Error('no agent');
      return String(body.token);
    },
    refresh: async () => {
      await refreshDue({ budgetMilliseconds: 60_000, concurrency: 8 }, composition.refreshDeps);
      composition.forget();
    },
    reverifyIn: async (milliseconds) => {
      const limits = { budgetMilliseconds: 60_000, concurrency: 8, againAfterMilliseconds: 0 };
      const now = (): number => Date.now() + milliseconds;
      return await reverifyDue(limits, { ...composition.reverifyDeps, now }, new AbortController().signal);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      await store.close();
      await rm(directory, { recursive: true, force: true });
      if (undescribed.length > 0) throw new Error(`not described in /openapi.json:\n${undescribed.join('\n')}`);
    },
  };
}

function parsed(text: string): unknown {
  try {
    const document: unknown = JSON.parse(text);
    return document;
  } catch {
    return undefined;
  }
}
