/**
 * Runs inside the network namespace that dynamodb-local.ts makes: starts DynamoDB Local, which listens on every address it
 * finds (here there is only a loopback of its own), and passes on to it what comes in by a socket file.
 *
 * Arguments: socket file, port, then the command that starts DynamoDB Local.
 */
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import process from 'node:process';

const [socketFile = '', port = '', command = '', ...parameters] = process.argv.slice(2);

const server = spawn(command, parameters, { stdio: 'inherit' });
server.on('exit', (code) => process.exit(code ?? 1));

createServer((incoming) => {
  const outgoing = connect(Number(port), '127.0.0.1');
  const end = (): void => {
    incoming.destroy();
    outgoing.destroy();
  };
  incoming.on('error', end).on('close', end).pipe(outgoing);
  outgoing.on('error', end).on('close', end).pipe(incoming);
}).listen(socketFile);
