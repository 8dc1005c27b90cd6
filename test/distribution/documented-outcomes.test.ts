import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { VERIFICATION_STATUSES } from '../../lib/domain/registry.ts';
import { TOKEN_FIELDS } from '../../lib/distribution/token-answer.ts';
import type { RequestFailure } from '../../lib/distribution/guarded-request.ts';
import type { LoginCheckOutcome } from '../../lib/distribution/login-check.ts';
import * as outcomes from '../../lib/distribution/login-outcomes.ts';

const DOCUMENT = new URL('../../docs/registries.md', import.meta.url);

const { outcomeOfFailure, outcomeOfStatus, realmNotTrusted, tokenServiceAnswered, unreadableToken } = outcomes;

const FAILURES: readonly RequestFailure[] = [
  ...(['ambiguous', 'needs_permission', 'never'] as const).map(
    (reason) => ({ kind: 'refused_address', reason }) as const,
  ),
  ...(
    [
      'expired',
      'not_yet_valid',
      'self_signed',
      'unknown_authority',
      'wrong_name',
      'no_alternative_name',
      'revoked',
      'unusable',
    ] as const
  ).map((problem) => ({ kind: 'tls_untrusted', problem }) as const),
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH'].map((code) => ({ kind: 'unreachable', code }) as const),
  ...(['dns', 'timeout', 'no_handshake', 'not_http'] as const).map((kind) => ({ kind })),
];

function answer(status: number) {
  return { status, headers: {}, body: undefined };
}

/** What is said of the registry itself; of its token service the same is said in the same words. */
const EVERY: readonly LoginCheckOutcome[] = [
  ...Object.values(outcomes).flatMap((value) => (typeof value === 'object' ? [value] : [])),
  ...(['not_a_url', 'with_username', 'not_https', 'not_trusted', 'redirect'] as const).map((reason) =>
    realmNotTrusted(reason),
  ),
  ...FAILURES.map((failed) => outcomeOfFailure('registry', failed)),
  ...[429, 503, 301].flatMap((status) => outcomeOfStatus('registry', answer(status)) ?? []),
  ...[outcomeOfStatus('registry', answer(301), true) ?? []].flat(),
  tokenServiceAnswered(404),
  ...TOKEN_FIELDS.map(unreadableToken),
];

/** `status | sentence`, as the document's table has them. */
async function documented(): Promise<readonly string[]> {
  const text = await readFile(DOCUMENT, 'utf8');
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.flatMap(([, statuses = '', sentence = '']) => {
    const [status = ''] = statuses.replaceAll('`', '').split(',');
    return VERIFICATION_STATUSES.some((known) => known === status) ? [`${statuses} | ${sentence}`] : [];
  });
}

it('the document says of every outcome what a login check says, and nothing that it does not', async () => {
  const said = EVERY.map(
    ({ status, warning, advice }) => `\`${status}\`${warning === undefined ? '' : `, \`${warning}\``} | ${advice}`,
  );
  expect((await documented()).toSorted()).toEqual([...new Set(said)].toSorted());
});
