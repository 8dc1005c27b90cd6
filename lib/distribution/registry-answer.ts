/** What a registry's answer says of it: is this a registry at all, and which of the protocol's error codes does it give? */
import * as z from 'zod/mini';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { GuardedResponse } from './guarded-request.ts';

const errorsSchema = z.object({ errors: z.array(z.object({ code: z.string() })) });
const emptyObjectSchema = z.strictObject({});
const tokenSchema = z.object({ token: z.optional(z.string()), access_token: z.optional(z.string()) });

/** What may stand after `Bearer ` in a header, and how long: common servers take headers of 8 to 16 KiB. */
const HEADER_SAFE = /^[!-~]{1,16384}$/;

const SECONDS = /^[1-9]\d{0,4}$/;

/** By its version header, or by a body that only a registry would send: `{}` on success, an error list otherwise. */
export function looksLikeRegistry(response: GuardedResponse): boolean {
  if (response.headers['docker-distribution-api-version'] !== undefined) return true;
  const body = parseJson(response.body);
  return emptyObjectSchema.safeParse(body).success || errorCodes(response).length > 0;
}

/** Codes such as MANIFEST_UNKNOWN (the distribution specification's list). */
export function errorCodes(response: GuardedResponse): readonly string[] {
  const parsed = errorsSchema.safeParse(parseJson(response.body));
  return parsed.success ? parsed.data.errors.map(({ code }) => code) : [];
}

/** The first challenge that container clients can answer. */
export function usableChallenge(response: GuardedResponse): Challenge | undefined {
  const challenges = parseChallenges(response.headers['www-authenticate'] ?? []);
  return challenges.find(({ scheme }) => scheme === 'bearer' || scheme === 'basic');
}

/** The token of a token service's answer, under either of its two names; undefined where none can be used. */
export function tokenOf(response: GuardedResponse): string | undefined {
  const parsed = tokenSchema.safeParse(parseJson(response.body));
  if (!parsed.success) return undefined;
  const token = [parsed.data.token, parsed.data.access_token].find((text) => text !== undefined && text !== '');
  return token !== undefined && HEADER_SAFE.test(token) ? token : undefined;
}

/** Undefined where it is a date, or no wait that anybody would name. */
export function retryAfterSeconds(response: GuardedResponse): number | undefined {
  const [value = ''] = response.headers['retry-after'] ?? [];
  return SECONDS.test(value) ? Number(value) : undefined;
}

const tagsSchema = z.object({ tags: z.array(z.string()) });
/** The distribution specification's grammar of a tag. */
const TAG = /^\w[\w.-]{0,127}$/;

/** One tag of a tag list; undefined where there is none that can be asked for. */
export function firstTag(response: GuardedResponse): string | undefined {
  const parsed = tagsSchema.safeParse(parseJson(response.body));
  return parsed.success ? parsed.data.tags.find((tag) => TAG.test(tag)) : undefined;
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
