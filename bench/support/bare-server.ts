/** The floor: node:http that takes a request's body in and answers a fixed text. Parameter: the answer's size in bytes. */
import { createServer } from 'node:http';
import process from 'node:process';
import { serveMeasured } from './measured-server.ts';

const body = 'x'.repeat(Number(process.argv[2] ?? 0));
const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };

await serveMeasured(
  createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, headers);
      response.end(body);
    });
  }),
);
