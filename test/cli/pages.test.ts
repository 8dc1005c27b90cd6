import { describe, expect, it } from 'vitest';
import { allItems } from '../../lib/cli/pages.ts';
import { CommandFailure } from '../../lib/cli/command-failure.ts';
import { decisionsSeen } from '../../lib/cli/decisions-seen.ts';
import { textWith } from '../support/text-like.ts';

/** A server that always names another page. */
function endless(cursorOf: (turn: number) => string) {
  let turns = 0;
  return {
    turns: () => turns,
    api: async () => {
      turns += 1;
      return { items: [], since: '', decisions: 0, from: null, to: null, cursor: cursorOf(turns) };
    },
  };
}

const READERS = [
  ['a list', (api: () => Promise<unknown>) => allItems(api, { path: '/v1/registries' })],
  [
    'what hosts asked for',
    (api: () => Promise<unknown>) => decisionsSeen(api, { env: 'prod', since: '7d', all: true, most: 10 }),
  ],
] as const;

describe.each(READERS)('%s whose pages do not end', (_name, read) => {
  it.each([
    ['the same cursor again', () => 'same', 2],
    ['two cursors in turn', (turn: number) => String(turn % 2), 3],
    ['ever new cursors', String, 2_001],
  ] as const)('is given up with an advice: %s', async (_what, cursorOf, most) => {
    const server = endless(cursorOf);
    const failed: unknown = await read(server.api).catch((error: unknown) => error);

    expect(failed).toBeInstanceOf(CommandFailure);
    expect(failed).toMatchObject({ exitCode: 5, advice: textWith('PULLPASS_URL') });
    expect(server.turns()).toBe(most);
  });
});

it('hands on a list of many pages whole', async () => {
  const api = async ({ query }: { readonly query?: Readonly<Record<string, string | undefined>> }) => {
    const page = Number(query?.['cursor'] ?? '0');
    return { items: [page], cursor: page < 1_000 ? String(page + 1) : null };
  };

  expect(await allItems(api, { path: '/v1/registries' })).toHaveLength(1_001);
});
