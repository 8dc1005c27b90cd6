/** What the writing process tells the test that started it. */
import * as z from 'zod/mini';

/** In every secret that it writes: must be found in no file. */
export const CANARY = 'canary-4f9c1d27a6b3';

const acknowledgement = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('opened') }),
  z.object({ kind: z.literal('refused'), failure: z.looseObject({ kind: z.string(), advice: z.string() }) }),
  z.object({ kind: z.literal('added'), id: z.string() }),
  z.object({ kind: z.literal('edited'), id: z.string(), edit: z.number() }),
  z.object({ kind: z.literal('refreshed'), id: z.string(), count: z.number() }),
  z.object({ kind: z.literal('decided'), image: z.string() }),
]);
export type Acknowledgement = z.infer<typeof acknowledgement>;

/** A process that is killed may leave half a line: that one acknowledged nothing. */
export function acknowledgementsIn(output: string): readonly Acknowledgement[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => acknowledgement.parse(JSON.parse(line)));
}
