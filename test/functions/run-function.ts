/**
 * Runs a function as it lies in functions/, in a process of its own whose environment is all that it is told: standard input
 * is a list of events, standard output its log. What it answers goes to standard error, as JSON lines.
 */
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';

const [, , path = ''] = process.argv;
const events: unknown = JSON.parse(await text(process.stdin));
const loaded: unknown = await import(pathToFileURL(path).href);
const handler: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'handler') : undefined;
if (typeof handler !== 'function' || !Array.isArray(events)) throw new Error('nothing to run');
for (const event of events) {
  const context = { ...LOCAL_CONTEXT, awsRequestId: 'request-1' };
  try {
    const answer: unknown = await Reflect.apply(handler, undefined, [event, context]);
    await told({ answer });
  } catch (error) {
    await told({ thrown: String(error) });
  }
}
process.exit(0);

/** What is longer than a pipe holds is cut off by an exit that does not wait for it. */
async function told(what: object): Promise<void> {
  await new Promise<void>((resolve) => {
    process.stderr.write(`${JSON.stringify(what)}\n`, () => {
      resolve();
    });
  });
}
