/** Every credential that a stand-in ever gave out, with its real end: what is right is decided here, never by Pullpass. */

export interface IssuedCredential {
  readonly username: string;
  readonly password: string;
  /** Whom it was given to: a principal of AWS or Google, or the registry that a password was typed for. */
  readonly holder: string;
  readonly issuedAt: number;
  /** When it stops working, whatever the source said. */
  readonly endsAt: number;
  /** The source said its real end, and registries take it. */
  readonly honest: boolean;
}

export interface Ledger {
  readonly enter: (credential: IssuedCredential) => void;
  readonly find: (password: string) => IssuedCredential | undefined;
  /** What registries ask. */
  readonly admits: (login: { readonly username: string; readonly password: string }) => boolean;
  readonly size: () => number;
}

/** In every secret: it must appear in no log. */
export const CANARY = 'canary-';

export function openLedger(): Ledger {
  const credentials = new Map<string, IssuedCredential>();
  return {
    enter: (credential) => {
      credentials.set(credential.password, credential);
    },
    find: (password) => credentials.get(password),
    admits: ({ username, password }) => {
      const issued = credentials.get(password);
      return issued !== undefined && issued.username === username && issued.endsAt > Date.now();
    },
    size: () => credentials.size,
  };
}
