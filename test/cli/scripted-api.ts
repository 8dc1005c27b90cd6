/** A loopback server that answers as told and keeps what it was asked: the API as the command line sees it. */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RecordedCall {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** In place of `body`: exactly these bytes. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ScriptedApi {
  readonly url: string;
  readonly port: number;
  readonly calls: readonly RecordedCall[];
  /** `POST /v1/agents {"name":…}`, one a call. */
  readonly asked: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** Answers in order for each `METHOD /path?query`; the last one stays. What is not scripted is answered 404. */
export type Script = Readonly<Record<string, Answer | readonly Answer[]>>;

export async function startScriptedApi(
  script: Script,
  tls?: { readonly cert: string; readonly key: string },
): Promise<ScriptedApi> {
  const calls: RecordedCall[] = [];
  const served = new Map<string, number>();
  const answerTo = (call: RecordedCall): Answer => {
    const key = `${call.method} ${call.url}`;
    const scripted = script[key];
    if (scripted === undefined) return problem(404, 'route_not_found', 'there is no such method and path');
    const answers: readonly Answer[] = 'length' in scripted ? scripted : [scripted];
    const turn = served.get(key) ?? 0;
    served.set(key, turn + 1);
    return answers[Math.min(turn, answers.length - 1)] ?? {};
  };
  const listener = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    void text(request).then((sent) => {
      const { method = '', url = '', headers } = request;
      const body: unknown = sent === '' ? undefined : JSON.parse(sent);
      const call = { method, url, headers, body };
      calls.push(call);
      const answer = answerTo(call);
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)));
    });
  };
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = addressOf(server.address());
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    calls,
    asked: () =>
      calls.map(({ method, url, body }) => `${method} ${url}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the scripted server does not listen on TCP');
  return address;
}

/** `members` are the further members of the problem document, its `detail` among them. */
export function problem(status: number, code: string, members: string | Readonly<Record<string, unknown>>): Answer {
  const further = typeof members === 'string' ? { detail: members } : members;
  return { status, body: { type: 'about:blank', title: 'Title', status, code, ...further } };
}
