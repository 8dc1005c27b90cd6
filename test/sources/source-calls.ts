/** Calls of a source as the service makes them: what it keeps of an input, and a mint from what it kept. */
import { inspect } from 'node:util';
import { expect } from 'vitest';
import { parseAddress, type CanonicalAddress } from '../../lib/domain/address.ts';
import type { InvalidInput } from '../../lib/domain/failures.ts';
import type { Result } from '../../lib/domain/result.ts';
import type { AcceptedSource, MintFailure, MintedCredential, SourceKind } from '../../lib/sources/source-kind.ts';

export const INSTALLATION = 'installation-1';

export function address(text: string): CanonicalAddress {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.failure.rule}`);
  return parsed.value.canonical;
}

export interface Accepting {
  readonly at: string;
  readonly input: unknown;
  readonly previous?: AcceptedSource;
}

export function accept(kind: SourceKind, { at, input, previous }: Accepting): Result<AcceptedSource, InvalidInput> {
  return kind.accept({
    input,
    address: address(at),
    installationId: INSTALLATION,
    ...(previous === undefined ? {} : { previous: { settings: previous.settings, secret: previous.secret } }),
  });
}

export function accepted(kind: SourceKind, accepting: Accepting): AcceptedSource {
  const result = accept(kind, accepting);
  if (!result.ok) throw new Error(`${result.failure.field} ${result.failure.rule}`);
  return result.value;
}

export function refusal(kind: SourceKind, accepting: Accepting): InvalidInput {
  const result = accept(kind, accepting);
  if (result.ok) throw new Error('was accepted');
  return result.failure;
}

export interface Minting {
  readonly at: string;
  readonly source: AcceptedSource;
  readonly signal?: AbortSignal;
}

export async function mint(
  kind: SourceKind,
  { at, source, signal = new AbortController().signal }: Minting,
): Promise<Result<MintedCredential, MintFailure>> {
  return await kind.mint({ address: address(at), settings: source.settings, secret: source.secret, signal });
}

export async function minted(kind: SourceKind, minting: Minting): Promise<MintedCredential> {
  const result = await mint(kind, minting);
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.advice}`);
  return result.value;
}

export async function mintFailure(kind: SourceKind, minting: Minting): Promise<MintFailure> {
  const result = await mint(kind, minting);
  if (result.ok) throw new Error('was minted');
  return result.failure;
}

/** Whatever a value shows of itself in JSON, in a log or in a template literal. */
export function shown(value: unknown): string {
  return `${JSON.stringify(value)}${inspect(value, { depth: null, showHidden: true, getters: true })}`;
}

export function expectNothingShown(value: unknown, secrets: readonly string[]): void {
  const text = shown(value);
  expect(secrets.length).toBeGreaterThan(0);
  for (const secret of secrets) {
    expect(secret).not.toBe('');
    expect(text.includes(secret)).toBe(false);
    expect(text.includes(JSON.stringify(secret).slice(1, -1))).toBe(false);
  }
}
