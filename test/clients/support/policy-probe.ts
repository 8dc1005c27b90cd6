/**
 * A program by itself, run in a network and a file system of its own, where every registry is this program: installs the
 * files of one policy after the other, has skopeo copy images, and says what skopeo said. Whatever is asked for here exists
 * up to its layers, so that nothing but the host's own files can refuse it before.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { dirname } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';

const jobSchema = z.object({
  certificate: z.string(),
  key: z.string(),
  ports: z.array(z.number()),
  folder: z.string(),
  skopeo: z.string(),
  installed: z.array(z.string()),
  manifest: z.object({ mediaType: z.string(), text: z.string() }),
  policies: z.array(
    z.object({
      files: z.array(z.object({ path: z.string(), content: z.string() })),
      sources: z.array(z.string()),
    }),
  ),
});

const AT_ONCE = 4;

const job = jobSchema.parse(JSON.parse(await text(process.stdin)));

function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
  if (url === '/v2/') response.writeHead(200).end('{}');
  else if (!url.includes('/manifests/')) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': job.manifest.mediaType }).end(job.manifest.text);
}

function listen(port: number): Promise<Server> {
  const server = createServer({ cert: readFileSync(job.certificate), key: readFileSync(job.key) }, answer);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '::', () => {
      resolve(server);
    });
  });
}

async function skopeo(source: string, index: number) {
  const destination = `${job.folder}/copied-${index}`;
  rmSync(destination, { recursive: true, force: true });
  const parameters = ['--command-timeout', '20s', 'copy', '-q', source, `dir:${destination}`];
  const child = spawn(job.skopeo, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [exitCode, stderr] = await Promise.all([exit, text(child.stderr)]);
  return { source, exitCode, stderr };
}

const servers = await Promise.all(job.ports.map(listen));
const outcomes = [];
for (const { files, sources } of job.policies) {
  for (const path of job.installed) rmSync(path, { recursive: true, force: true });
  for (const { path, content } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const copied = [];
  for (let at = 0; at < sources.length; at += AT_ONCE) {
    copied.push(...(await Promise.all(sources.slice(at, at + AT_ONCE).map(skopeo))));
  }
  outcomes.push(copied);
}
for (const server of servers) {
  server.close();
  server.closeAllConnections();
}
process.stdout.write(JSON.stringify(outcomes));
