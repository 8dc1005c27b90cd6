/** How a host's file says that a registry is reached, as settings of the registry here, or as the options that set them. */
import type { TlsSettings } from '../../domain/registry.ts';
import { shellWord, shownPath } from './shown.ts';
import type { LoginOptions } from './wanted.ts';

export interface WrittenTls {
  readonly caFiles: readonly unknown[];
  readonly skipVerify: boolean;
  readonly plainHttp: boolean;
  readonly clientCertificate: boolean;
}

/** Where a CA cannot be read, the registry comes without it, and its login then says that it is not trusted. */
export function settingsFrom(
  written: WrittenTls,
  host: string,
  { tls, readCertificates }: LoginOptions,
): { readonly tls: TlsSettings; readonly notes: readonly string[] } {
  const notes = written.clientCertificate
    ? ['its client certificate is left: Pullpass, and the login it hands out, go without one']
    : [];
  if (tls.has(host)) return { tls: {}, notes };
  if (written.plainHttp) return { tls: { plainHttp: true }, notes };
  if (written.skipVerify) return { tls: { skipVerify: true }, notes };
  const read = written.caFiles.map((file) => (typeof file === 'string' ? readCertificates?.(file) : undefined));
  const missing = written.caFiles.filter((_file, index) => read[index] === undefined);
  if (missing.length > 0) {
    const named = missing.map((file) => shownPath(file) ?? 'a file').join(', ');
    const note = `its CA certificate, ${named}, cannot be read here as certificates in PEM: import with --ca ${shellWord(host)}=FILE`;
    return { tls: {}, notes: [...notes, note] };
  }
  return { tls: read.length === 0 ? {} : { ca: read.join('') }, notes };
}

/** For a command to type. */
export function optionsFrom({ caFiles: [ca], skipVerify, plainHttp }: WrittenTls): string {
  if (plainHttp) return ' --plain-http';
  if (skipVerify) return ' --skip-verify';
  if (ca === undefined) return '';
  return ` --ca ${typeof ca === 'string' && shownPath(ca) !== undefined ? shellWord(ca) : 'FILE'}`;
}

export function isPlainHttp(url: unknown): boolean {
  return typeof url === 'string' && /^http:\/\//i.test(url);
}
