/** Asks what policy says of any number of images and hosts. */
import { policyTestAnswer, type TestedAnswer } from './answers.ts';
import { expectAnswer, type CallApi } from './api-client.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';

export interface PolicyTestAbout {
  readonly environment: string | undefined;
  readonly at?: string | undefined;
  readonly proposed?: Readonly<Record<string, unknown>> | undefined;
}

/** What the API takes in one call. */
const IMAGES_A_CALL = 1_000;
const HOSTS_A_CALL = 100;
const BYTES_A_CALL = 250_000;

/** In as many calls as it takes. All of them have to be about the same policies. */
export async function testPolicyOn(
  subjects: { readonly images: readonly string[]; readonly hosts: readonly string[] },
  about: PolicyTestAbout,
  api: CallApi,
): Promise<readonly TestedAnswer[]> {
  const room = BYTES_A_CALL - Buffer.byteLength(JSON.stringify(about));
  const calls = [
    ...batches(subjects.images, { most: IMAGES_A_CALL, bytes: room }).map((images) => ({ images })),
    ...batches(subjects.hosts, { most: HOSTS_A_CALL, bytes: room }).map((hosts) => ({ hosts })),
  ];
  const items: TestedAnswer[] = [];
  let revisions: string | undefined;
  for (const call of calls) {
    const answer = await api({ method: 'POST', path: '/v1/policy/test', body: { ...about, ...call } });
    const tested = expectAnswer(policyTestAnswer, answer);
    const tag = `${tested.revisions.organisation}/${tested.revisions.environment ?? ''}`;
    revisions ??= tag;
    if (tag !== revisions) {
      throw new CommandFailure({
        exitCode: EXIT.conflict,
        what: 'somebody changed the policy during the test',
        advice: 'run it again',
      });
    }
    items.push(...tested.items);
  }
  return items;
}

function batches(
  texts: readonly string[],
  limit: { readonly most: number; readonly bytes: number },
): readonly (readonly string[])[] {
  const found: string[][] = [];
  let bytes = 0;
  for (const text of texts) {
    const size = Buffer.byteLength(JSON.stringify(text)) + 1;
    const last = found.at(-1);
    if (last === undefined || last.length === limit.most || bytes + size > limit.bytes) {
      found.push([text]);
      bytes = size;
    } else {
      last.push(text);
      bytes += size;
    }
  }
  return found;
}
