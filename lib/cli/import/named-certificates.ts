/**
 * CA files that an imported file names, on the machine where the import runs. The file's author chooses the name, so nothing
 * but certificates ever leaves such a file: no text around them, and nothing of one that holds a private key.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readCertificates } from '../../domain/ca-certificates.ts';
import type { LoginOptions } from '../../formats/import/wanted.ts';
import { readAtMost } from './read-file.ts';

/** As many characters as a registry's `tls.ca` may have. */
const LARGEST_BYTES = 65_536;

/** @param file that is imported: names are relative to its folder. Standard input has none, so from there only whole paths. */
export function certificatesBeside(file: string): Pick<LoginOptions, 'readCertificates'> {
  const folder = file === '-' ? undefined : dirname(file);
  return {
    readCertificates: (name) => {
      const path = name.startsWith('/') ? name : folder && resolve(folder, name);
      return path === undefined ? undefined : certificatesIn(textOf(path) ?? '');
    },
  };
}

/** Not of a pipe or a device, which would not end. */
function textOf(path: string): string | undefined {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return fstatSync(descriptor).isFile() ? readAtMost(descriptor, LARGEST_BYTES)?.toString('utf8') : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

function certificatesIn(text: string): string | undefined {
  const read = readCertificates(text);
  return read.ok ? read.value.join('') : undefined;
}
