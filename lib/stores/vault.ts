/**
 * The vault: where secrets lie. Everything in it is kept by version, so that a new one is written beside the old one,
 * the catalogue then points at it, and a reader never sees half a change. It never lists values.
 *
 * An outage throws `StoreUnavailable` (stores/catalogue.ts). test/stores/vault-contract.ts is what an implementation
 * must pass.
 */
import type { Credential } from '../domain/credential.ts';
import type { Secret } from '../domain/secret.ts';

/** All that the resolving function may do. */
export interface IssuedCredentials {
  /** Exactly that version, or undefined: never another one. */
  getIssued(registryId: string, version: string): Promise<Credential | undefined>;
}

export interface Vault extends IssuedCredentials {
  /** What a source needs to mint (JSON text of the kind's own shape). Writing the same version again is no error. */
  putSource(registryId: string, version: string, secret: Secret): Promise<void>;
  getSource(registryId: string, version: string): Promise<Secret | undefined>;
  putIssued(registryId: string, credential: Credential): Promise<void>;
  /**
   * After the catalogue points at these versions: makes them the current ones and forgets what was put before them, but
   * for what was current until now: readers with a catalogue answer of a few seconds ago, or with a catalogue that was copied
   * before the vault was, may still ask for it. What was put after them stays: somebody is about to point the catalogue at it. A version that is not here
   * changes nothing; a kind of secret that is not named is left alone.
   */
  settle(
    registryId: string,
    current: { readonly sourceVersion?: string; readonly issuedVersion?: string },
  ): Promise<void>;
  /**
   * Forgets every version but those named and the ones that were current before; of a kind that is not named, all. Only for a caller that knows that nobody else is
   * writing for this registry (it holds the claim, or nothing runs yet): a version just put by another would go, too.
   */
  prune(registryId: string, keep: { readonly sourceVersion?: string; readonly issuedVersion?: string }): Promise<void>;
  /** Removes every version of both. No error when there is nothing. */
  remove(registryId: string): Promise<void>;
  /** Registries that have anything here: for finding what a crash between two writes left behind. */
  registryIds(): Promise<readonly string[]>;
  /** Of these, those that were set aside, and since when. */
  orphans(): Promise<ReadonlyMap<string, number>>;
  /** Notes that no registry seems to use it. Everything is still here, and is read as before. */
  setAside(registryId: string, since: number): Promise<void>;
  takeBack(registryId: string): Promise<void>;
}
