/** What a registry's answer says of it: is this a registry at all, and which of the protocol's error codes does it give? */
import * as z from 'zod/mini';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { GuardedResponse } from './guarded-request.ts';

const errorsSchema = z.object({ errors: z.array(z.object({ code: z.string() })) });
const oauthSchema = z.object({ error: z.string() });
const emptyObjectSchema = z.strictObject({});

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

/** Of a token service that speaks OAuth 2.0. */
export function oauthError(response: GuardedResponse): string | undefined {
  const parsed = oauthSchema.safeParse(parseJson(response.body));
  return parsed.success ? parsed.data.error : undefined;
}

/** The first challenge that container clients can answer. `unreadable`: one that they would, were it well-formed. */
export function usableChallenge(response: GuardedResponse): Challenge | 'unreadable' | undefined {
  const lines = response.headers['www-authenticate'] ?? [];
  const usable = parseChallenges(lines).find(({ scheme }) => scheme === 'bearer' || scheme === 'basic');
  return usable ?? (lines.some((line) => BEARER_OR_BASIC.test(line)) ? 'unreadable' : undefined);
}

const BEARER_OR_BASIC = /^[\s,]*(?:bearer|basic)(?:[\s,]|$)/i;

/**
 * After a login that worked the protocol asks for 200 and nothing more, so all sorts of bodies come, and none. A page for people
 * is what sits behind another login than a registry's.
 */
export function isWebPage({ headers, body = '' }: GuardedResponse): boolean {
  const [type = ''] = headers['content-type'] ?? [];
  return /^text\/html\b/i.test(type.trim()) || body.trimStart().startsWith('<');
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
