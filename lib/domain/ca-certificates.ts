/**
 * The one reader of files with CA certificates. What it accepts it also writes, each certificate on lines of its own: what
 * is stored, what a login check trusts and what hosts get are the same certificates.
 */
import { X509Certificate } from 'node:crypto';
import { failure, success, type Result } from './result.ts';

const BEGIN = /-----BEGIN [A-Z0-9 ]+-----/g;
const BLOCK = /-----BEGIN (?<label>[A-Z0-9 ]+)-----(?<body>[A-Za-z0-9+/=\s]+)-----END \k<label>-----/g;

/** `rule` completes a sentence that begins with the field's name. */
export interface BadCertificates {
  readonly rule: string;
}

/** Each certificate once, in the order given, as PEM that ends with a line break. Text around the blocks is for people. */
export function readCertificates(text: string): Result<readonly string[], BadCertificates> {
  const blocks = [...text.matchAll(BLOCK)];
  const isForeign = blocks.some(({ groups }) => groups?.['label'] !== 'CERTIFICATE');
  if (blocks.length === 0 || isForeign) {
    return failure({ rule: 'must be one or more certificates in PEM, and no private key' });
  }
  const begun = text.match(BEGIN)?.length ?? 0;
  if (begun !== blocks.length) {
    return failure({
      rule: `begins ${begun} certificates and holds ${blocks.length} whole ones: give the file again, complete`,
    });
  }
  const certificates = blocks.map(({ groups }) => written(groups?.['body'] ?? ''));
  const broken = certificates.indexOf(undefined);
  if (broken >= 0) {
    return failure({ rule: `certificate ${broken + 1} of ${blocks.length} cannot be read: export it again as PEM` });
  }
  return success([...new Set(certificates.filter((each) => each !== undefined))]);
}

/** As it is stored; what cannot be read stays as it is. */
export function canonicalCertificates(text: string): string {
  const read = readCertificates(text);
  return read.ok ? read.value.join('') : text;
}

/** Of the bytes, since OpenSSL wants lines where a file that was pasted has none. */
function written(body: string): string | undefined {
  try {
    return new X509Certificate(Buffer.from(body, 'base64')).toString();
  } catch {
    return undefined;
  }
}
