import { describe, expect, it } from 'vitest';
import { whereThrown } from '../../lib/service/where-thrown.ts';

describe('where something was thrown', () => {
  it('is told by name and frames', () => {
    const { name, frames } = whereThrown(new TypeError('canary'));
    expect(name).toBe('TypeError');
    expect(frames).toMatch(/^at .*where-thrown\.test\.ts/);
  });

  it.each([
    ['of one line', 'canary'],
    ['that looks like frames', 'first\n    at canary (file:1:1)\n    at canary'],
    ['that is empty', ''],
  ])('never shows a message %s', (_name, message) => {
    expect(JSON.stringify(whereThrown(new Error(message)))).not.toContain('canary');
  });

  it('shows nothing of a message that was changed after the stack was made', () => {
    const error = new Error('first\n    at canary (file:1:1)');
    error.message = 'other';
    expect(JSON.stringify(whereThrown(error))).not.toContain('canary');
  });
});
