/**
 * Stands in for the compiled part of the runtime client, which speaks to the Runtime API: the same three calls in
 * JavaScript, so that nothing has to be compiled. What posts goes out before the next event is asked for, as there.
 * `native-client-hook.ts` puts it in place.
 */
import type { IncomingMessage } from 'node:http';
import process from 'node:process';

// Not by import: from an ES module that loads undici, which would be counted as the function's cold start.
const http = process.getBuiltinModule('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const base = `http://${process.env['AWS_LAMBDA_RUNTIME_API'] ?? ''}/2018-06-01/runtime/invocation`;

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: string;
}

async function ask({ method, url, body }: Asked): Promise<{ headers: IncomingMessage['headers']; body: string }> {
  return await new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent }, (response) => {
      let received = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (received += chunk));
      response.on('end', () => {
        resolve({ headers: response.headers, body: received });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

let posted: Promise<unknown> = Promise.resolve();

export async function next(): Promise<{ headers: IncomingMessage['headers']; bodyJson: string }> {
  await posted;
  const { headers, body } = await ask({ method: 'GET', url: `${base}/next` });
  return { headers, bodyJson: body };
}

export function done(id: string, body: string): void {
  posted = ask({ method: 'POST', url: `${base}/${id}/response`, body });
}

export function error(id: string, body: string): void {
  posted = ask({ method: 'POST', url: `${base}/${id}/error`, body });
}
