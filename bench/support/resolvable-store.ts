/** A store that answers resolves, closed again, and the requests that ask it. */
import { addAgent, addPolicy, addRegistries, ENVIRONMENT, openStore, seededAddress } from './seeded-store.ts';

export const RESOLVE_PATH = `/v1/environments/${ENVIRONMENT}/resolve`;

export interface ResolvableStore {
  readonly directory: string;
  readonly token: string;
  /** Bodies of resolve requests, one a registry. */
  readonly bodies: readonly string[];
  /** The same as whole HTTP requests. */
  readonly requests: readonly string[];
}

export async function resolvableStore(directory: string, registries = 16): Promise<ResolvableStore> {
  const store = await openStore(directory);
  try {
    await addRegistries(store, { count: registries, kind: 'static', now: Date.now() });
    await addPolicy(store);
    const token = (await addAgent(store)).reveal();
    const bodies = Array.from({ length: registries }, (_, index) =>
      JSON.stringify({ image: `${seededAddress(index)}/team/service:2026.11` }),
    );
    return { directory, token, bodies, requests: bodies.map((body) => postRequest(RESOLVE_PATH, token, body)) };
  } finally {
    await store.close();
  }
}

/** The text of one answer; anything but a credential breaks the benchmark. */
export async function askOnce(port: number, { token, bodies }: ResolvableStore): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${RESOLVE_PATH}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: bodies[0] ?? '',
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`resolve answered ${answer.status}: ${text}`);
  return text;
}

function postRequest(path: string, token: string, body: string): string {
  return [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
