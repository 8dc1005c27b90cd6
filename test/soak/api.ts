/** Calls of Pullpass's API as seen from outside: an answer, or none. */
import * as z from 'zod/mini';

export interface Answer {
  /** 0: there was no answer. */
  readonly status: number;
  readonly body: unknown;
  readonly askedAt: number;
}

/** Longer than any process is stopped, on a machine that has much else to do. */
const TIMEOUT_MS = 40_000;

export async function call(
  url: string,
  what: string,
  options: { readonly token?: string; readonly body?: unknown } = {},
): Promise<Answer> {
  const [method = 'GET', path = ''] = what.split(' ');
  const askedAt = Date.now();
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(options.token === undefined ? {} : { headers: { authorization: `Bearer ${options.token}` } }),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, body, askedAt };
  } catch {
    return { status: 0, body: undefined, askedAt };
  }
}

const resolution = z.object({
  credential: z.object({
    username: z.string(),
    password: z.string(),
    version: z.string(),
    registryId: z.string(),
    expiresAt: z.nullable(z.string()),
  }),
});
export type ReleasedCredential = z.infer<typeof resolution>['credential'];

export function releasedCredential({ body }: Answer): ReleasedCredential | undefined {
  const parsed = z.safeParse(resolution, body);
  return parsed.success ? parsed.data.credential : undefined;
}

const problem = z.object({ code: z.string(), detail: z.optional(z.string()), state: z.optional(z.string()) });

export function problemOf({ body }: Answer): z.infer<typeof problem> {
  const parsed = z.safeParse(problem, body);
  return parsed.success ? parsed.data : { code: 'no problem document' };
}

/** All pages of a list. Undefined: some page was not answered. */
export async function everyPage<Item extends z.ZodMiniType>(
  url: string,
  list: { readonly path: string; readonly token: string; readonly item: Item; readonly mostPages?: number },
): Promise<z.infer<Item>[] | undefined> {
  const page = z.object({ items: z.array(list.item), cursor: z.optional(z.string()) });
  const items: z.infer<Item>[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < (list.mostPages ?? 100); pages += 1) {
    const more = cursor === undefined ? '' : `&cursor=${cursor}`;
    const answer = await call(url, `GET ${list.path}${list.path.includes('?') ? '&' : '?'}limit=500${more}`, list);
    if (answer.status !== 200) return undefined;
    const parsed = page.parse(answer.body);
    items.push(...parsed.items);
    cursor = parsed.cursor;
    if (cursor === undefined) break;
  }
  return items;
}
