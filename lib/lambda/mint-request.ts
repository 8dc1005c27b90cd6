/**
 * What the function of a source kind is asked and what it answers when another function has it mint: secrets go both ways, in
 * the payload of the invocation and nowhere else.
 */
import * as z from 'zod/mini';
import { parseAddress } from '../domain/address.ts';
import { MINT_FAILURE_CODES } from '../domain/credential.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { Secret } from '../domain/secret.ts';
import { mintFailure } from '../service/mint.ts';
import type { MintFailure, MintedCredential, MintRequest } from '../sources/source-kind.ts';

const requestSchema = z.strictObject({
  pullpass: z.literal('mint'),
  address: z.string(),
  settings: z.catchall(z.object({ kind: z.string() }), z.json()),
  secret: z.optional(z.string()),
  timeoutMilliseconds: z.int().check(z.minimum(1), z.maximum(60_000)),
});

export interface DecodedMintRequest extends Omit<MintRequest, 'signal'> {
  readonly timeoutMilliseconds: number;
}

export function encodeMintRequest({ address, settings, secret, timeoutMilliseconds }: DecodedMintRequest): string {
  return JSON.stringify({
    pullpass: 'mint',
    address,
    settings,
    ...(secret === undefined ? {} : { secret: secret.reveal() }),
    timeoutMilliseconds,
  });
}

/** Undefined for anything else. */
export function decodeMintRequest(event: unknown): DecodedMintRequest | undefined {
  const parsed = z.safeParse(requestSchema, event);
  if (!parsed.success) return undefined;
  const { settings, secret, timeoutMilliseconds } = parsed.data;
  const address = parseAddress(parsed.data.address);
  if (!address.ok) return undefined;
  return {
    address: address.value.canonical,
    settings,
    secret: secret === undefined ? undefined : new Secret(secret),
    timeoutMilliseconds,
  };
}

const answerSchema = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    username: z.string().check(z.maxLength(1_024)),
    password: z.string().check(z.maxLength(65_536)),
    expiresAt: z.optional(z.number()),
  }),
  z.strictObject({
    ok: z.literal(false),
    code: z.enum(MINT_FAILURE_CODES),
    advice: z.string().check(z.maxLength(1_000)),
    retryAfterSeconds: z.optional(z.number()),
  }),
]);

export type MintAnswer = z.infer<typeof answerSchema>;

export function mintAnswer(minted: Result<MintedCredential, MintFailure>): MintAnswer {
  if (!minted.ok) {
    const { code, advice, retryAfterSeconds } = minted.failure;
    return { ok: false, code, advice, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  }
  const { username, password, expiresAt } = minted.value;
  return { ok: true, username, password: password.reveal(), ...(expiresAt === undefined ? {} : { expiresAt }) };
}

/** Undefined for what is no such answer. */
export function decodeMintAnswer(text: string): Result<MintedCredential, MintFailure> | undefined {
  const parsed = z.safeParse(answerSchema, jsonOrUndefined(text));
  if (!parsed.success) return undefined;
  const answer = parsed.data;
  if (!answer.ok) {
    const { code, advice, retryAfterSeconds } = answer;
    return failure({ ...mintFailure(code, advice), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
  }
  const { username, password, expiresAt } = answer;
  return success({ username, password: new Secret(password), ...(expiresAt === undefined ? {} : { expiresAt }) });
}

/** A syntax error quotes what it stumbled over, and that may be a password. */
function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
