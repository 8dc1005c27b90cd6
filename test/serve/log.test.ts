import { spawn } from 'node:child_process';
import process from 'node:process';
import { describe, expect, it } from 'vitest';

const LOG = new URL('../../lib/serve/log.ts', import.meta.url).href;

/** Logs 5,000 lines of a kilobyte while nobody reads, and one more when it is told that somebody does. */
const WRITER = `
  import { eventLog } from ${JSON.stringify(LOG)};
  const log = eventLog();
  const write = (n) => log.report({ level: 'info', code: 'test.line', fields: { n, filling: 'x'.repeat(1000) } });
  for (let n = 0; n < 5000; n += 1) write(n);
  process.stdout.write('written');
  process.stdin.once('data', async () => {
    write(5000);
    await log.close();
    process.exit(0);
  });
`;

describe('the log', () => {
  it('keeps what a reader does not take up to a limit, then drops events and counts them', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      // What was kept has been read by then, so there is room again.
      if (text === '') setTimeout(() => child.stdin.write('go'), 500);
      text += part;
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    const lines = text.trimEnd().split('\n');
    const kept = lines.filter((line) => line.includes('"event":"test.line"'));
    const dropped = lines.filter((line) => line.includes('"event":"log.dropped"'));
    expect(dropped).toHaveLength(1);
    const count = Number(/"count":(?<count>\d+)/.exec(dropped[0] ?? '')?.groups?.['count']);
    expect(kept.length + count).toBe(5001);
    expect(kept.length).toBeGreaterThan(900);
    expect(lines.indexOf(dropped[0] ?? '')).toBe(lines.length - 2);
  });
});
