/** A process of its own that loads a function's bundle once and calls its handler when it is told to. See startChild. */
import { createRequire } from 'node:module';
import process from 'node:process';
import * as z from 'zod/mini';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { answerParent } from './child.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const instruction = z.union([
  z.object({ load: z.string(), environment: z.record(z.string(), z.string()) }),
  z.object({ event: z.unknown() }),
]);

const bundle = z.object({ handler: z.custom<Handler>((value) => typeof value === 'function') });
let handler: Handler | undefined;

answerParent(async (received) => {
  const message = instruction.parse(received);
  if ('load' in message) {
    Object.assign(process.env, message.environment);
    ({ handler } = bundle.parse(createRequire(import.meta.url)(message.load)));
    return {};
  }
  return { answer: await handler?.(message.event, LOCAL_CONTEXT) };
});
