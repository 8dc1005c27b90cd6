/** Why an embedded store could not be opened. `advice` is for the operator: what is wrong, where, and what to do. */
import type { KeyProblem } from './key-file.ts';
import type { UnsafeStep } from './private-files.ts';

export type OpenFailure =
  /** `directory`: the data directory, or the key file that others could replace. */
  | { readonly kind: 'in_use' | 'shared_directory'; readonly directory: string; readonly advice: string }
  | {
      readonly kind: 'bad_key';
      readonly keyFile: string;
      readonly reason: KeyProblem | 'wrong_key';
      readonly advice: string;
    }
  /** `code`: ours or the system's, as in `StoreUnavailable`. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly code: string; readonly advice: string }
  | { readonly kind: 'symbolic_link'; readonly path: string; readonly advice: string }
  | { readonly kind: 'newer_schema'; readonly path: string; readonly advice: string }
  | {
      readonly kind: 'no_catalogue' | 'other_installation';
      readonly catalogue: string;
      readonly vault: string;
      readonly advice: string;
    };

interface DataFiles {
  readonly catalogue: string;
  readonly vault: string;
}

/** Going on would begin a new catalogue, and take all that the vault has for left behind. */
export function noCatalogue({ catalogue, vault }: DataFiles): OpenFailure {
  const advice =
    `${vault} holds secrets, but ${catalogue} is missing or empty: bring back the one that belongs to it, ` +
    'from a backup with its -wal file if there is one. To begin anew, move vault.db and its key away. Nothing was changed';
  return { kind: 'no_catalogue', catalogue, vault, advice };
}

export function otherInstallation({ catalogue, vault }: DataFiles): OpenFailure {
  const advice =
    `${catalogue} and ${vault} belong to two installations: bring back two files of the same backup. ` +
    'No secret was changed';
  return { kind: 'other_installation', catalogue, vault, advice };
}

export function inUse(directory: string): OpenFailure {
  return {
    kind: 'in_use',
    directory,
    advice: `another process uses the data in ${directory}: stop it first, or give this one a data directory of its own`,
  };
}

export function sharedDirectory(directory: string): OpenFailure {
  const advice = `others may write in ${directory}, or it belongs to another user: chown it, and chmod go-w it`;
  return { kind: 'shared_directory', directory, advice };
}

/** `path`: the data directory or the key file. */
export function unsafeWay(path: string, step: UnsafeStep): OpenFailure {
  const advice =
    step.kind === 'folder'
      ? `others may write in ${step.path}, or it belongs to another user, so they could replace ${path} in it: ` +
        'chown it and chmod go-w it, or give another path'
      : `${step.path} is a symbolic link of another user, who could make ${path} lead to another place: ` +
        'give the path that it leads to, or chown -h it';
  return { kind: 'shared_directory', directory: path, advice };
}

export function symbolicLink(path: string): OpenFailure {
  const advice = `${path} is a symbolic link, which is not followed: put the file itself there, or give the directory that it is in`;
  return { kind: 'symbolic_link', path, advice };
}

export function badKey(keyFile: string, reason: KeyProblem | 'wrong_key'): OpenFailure {
  return { kind: 'bad_key', keyFile, reason, advice: keyAdvice(keyFile, reason) };
}

function keyAdvice(keyFile: string, reason: KeyProblem | 'wrong_key'): string {
  switch (reason) {
    case 'missing':
      return `the vault holds secrets but its key file ${keyFile} is not there: bring it back, or name where it lies`;
    case 'not_a_file':
      return `the key file ${keyFile} is not a regular file`;
    case 'mode':
      return `others may read the key file ${keyFile}: chmod 600 it, and consider whether somebody already has`;
    case 'owner':
      return `the key file ${keyFile} belongs to another user: it must belong to the one that runs this`;
    case 'malformed':
      return `the key file ${keyFile} does not hold 32 bytes as base64: bring back the right one`;
    case 'wrong_key':
      return `the key in ${keyFile} is not the one that the vault was made with: bring back the right one`;
  }
}

export function unreadable(path: string, code: string): OpenFailure {
  const advice = `${path} could not be opened (${code}): check that it exists, is whole, and may be read and written`;
  return { kind: 'unreadable', path, code, advice };
}

export function newerSchema(path: string): OpenFailure {
  const advice = `${path} was written by a later version of this program: run that one`;
  return { kind: 'newer_schema', path, advice };
}
