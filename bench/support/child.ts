/** A Node process of its own that is spoken to in messages: one sent, one answered. It ends with this process. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type * as z from 'zod/mini';

export interface Child {
  /** Sends a message and waits for the one that answers it. */
  ask<Schema extends z.ZodMiniType>(message: object, schema: Schema): Promise<z.infer<Schema>>;
  readonly stop: () => Promise<void>;
}

/** Standard error goes to `/dev/null`: what is logged is written, and nobody's time goes into reading it. */
export function startChild(module: URL, parameters: readonly string[] = []): Child {
  const child = fork(module, [...parameters], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  return {
    ask: async (message, schema) => {
      const answered = Promise.withResolvers<unknown>();
      const onExit = (code: number | null): void => {
        answered.reject(new Error(`${module.pathname} ended with ${code ?? 'a signal'}; run it alone to see why`));
      };
      child.once('message', answered.resolve);
      child.once('exit', onExit);
      child.send(message);
      try {
        return schema.parse(await answered.promise);
      } finally {
        child.off('message', answered.resolve);
        child.off('exit', onExit);
      }
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

/** The child's side: answers every message, and ends when nobody is there any more to ask. */
export function answerParent(answer: (message: unknown) => Promise<object>): void {
  process.on('message', (message) => {
    void answer(message).then((document) => process.send?.(document));
  });
  process.on('disconnect', () => process.exit());
}
