/** Events as JSON lines on standard error, for people's log collectors. */
import { destination, pino } from 'pino';
import type { Report } from '../service/events.ts';

export function reportToLog(): Report {
  const log = pino(
    {
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: 2, sync: true }),
  );
  return ({ level, code, fields }) => {
    log[level]({ ...fields }, code);
  };
}
