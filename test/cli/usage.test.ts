import { describe, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

describe('a command that is typed wrong names its own help', () => {
  it.each([
    { line: '--nothing', help: 'pullpass --help' },
    { line: 'nothing', help: 'pullpass --help' },
    { line: 'registry nothing', help: 'pullpass registry --help' },
    { line: 'registry add quay.io --nothing', help: 'pullpass registry add --help' },
    { line: 'registry list --stat active', help: 'pullpass registry list --help' },
    { line: 'registry list --state other', help: 'pullpass registry list --help' },
    { line: 'registry add quay.io --kind static --role-arn x', help: 'pullpass registry add --help' },
    { line: 'policy allow', help: 'pullpass policy allow --help' },
    { line: 'resolve quay.io/a', help: 'pullpass resolve --help' },
    { line: 'audit --limit 0', help: 'pullpass audit --help' },
  ])('$line: $help', async ({ line, help }) => {
    const ran = await runCommand(line.split(' '));

    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^pullpass: .+\n {2}.+\n$/);
    expect(ran.stderr).toContain(`see \`${help}\`\n`);
  });

  it('keeps the suggestion', async () => {
    const ran = await runCommand(['registry', 'list', '--stat', 'active']);

    expect(ran.stderr).toContain('(Did you mean --state?) see `pullpass registry list --help`');
  });
});
