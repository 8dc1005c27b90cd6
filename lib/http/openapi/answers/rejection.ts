/** The answer to a host that reports a credential as rejected. */
import * as z from 'zod/mini';
import type { Answers } from '../answer.ts';

const outcome = z.enum(['scheduled', 'already_reported', 'superseded']).check(
  z.meta({
    description:
      'scheduled: it is made anew soon; already_reported: nothing more happens for this version; ' +
      'superseded: there is a newer credential already, ask for that one',
  }),
);

export const rejectionAnswers: Answers = {
  'POST /v1/environments/{environment}/rejections': {
    202: { schema: z.strictObject({ outcome }), example: { outcome: 'scheduled' } },
  },
};
