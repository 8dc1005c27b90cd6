/**
 * Mints from the source that standard input describes (`{kind, at, input}`), in a process configured by nothing but its
 * environment, as `serve` is. Prints the code of a failure, or the password, which the test's server made up.
 */
import process from 'node:process';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { parseAddress } from '../../lib/domain/address.ts';
import { sourceKinds } from '../../lib/sources/kinds-in-place.ts';
import { findKind } from '../../lib/sources/find-kind.ts';

const task = z.object({
  at: z.string(),
  input: z.looseObject({ kind: z.string() }),
  trustedTokenUris: z.array(z.string()),
});
const { at, input, trustedTokenUris } = task.parse(JSON.parse(await text(process.stdin)));
const kind = findKind(sourceKinds({ google: { trustedTokenUris } }), input.kind);
const address = parseAddress(at);
if (kind === undefined || !address.ok) throw new Error('no such kind or address');
const accepted = kind.accept({ input, address: address.value.canonical, installationId: 'installation-1' });
if (!accepted.ok) throw new Error(accepted.failure.rule);
const { settings, secret } = accepted.value;
const signal = AbortSignal.timeout(15_000);
const minted = await kind.mint({ address: address.value.canonical, settings, secret, signal });
console.log(JSON.stringify(minted.ok ? { password: minted.value.password.reveal() } : minted.failure));
