/** The deployed API over HTTPS under its own name, which leads to loopback for whoever is told so. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Parsed where it is JSON, else undefined. */
  readonly body: unknown;
}

/** `call('POST /v1/agents', { … })`; every status is an answer. */
export type CallApi = (call: string, body?: unknown) => Promise<Answer>;

export function deployedApi(options: {
  readonly url: string;
  readonly authorityFile: string;
  readonly token: string;
}): CallApi {
  const { hostname, port } = new URL(options.url);
  const ca = readFileSync(options.authorityFile);
  return async (call, body) => {
    const [method = '', path = ''] = call.split(' ');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = https.request({
        ...{ method, path, host: '127.0.0.1', port, servername: hostname, ca, agent: false },
        headers: {
          host: `${hostname}:${port}`,
          authorization: `Bearer ${options.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
      });
      request.on('response', resolve);
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
    const said = await text(response);
    const isJson = (response.headers['content-type'] ?? '').includes('json');
    const parsed: unknown = isJson ? JSON.parse(said) : undefined;
    return { status: response.statusCode ?? 0, text: said, body: parsed };
  };
}
