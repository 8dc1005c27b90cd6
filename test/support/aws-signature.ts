/**
 * Signature Version 4 as AWS checks it, for the requests that SDK clients make of JSON and query services: path `/`,
 * no query, payload hashed. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface SignedScope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

export function readScope(authorization: string | undefined): SignedScope | undefined {
  const [, accessKeyId, date, region, service, headers, signature] = AUTHORIZATION.exec(authorization ?? '') ?? [];
  if (!accessKeyId || !date || !region || !service || !headers || !signature) return undefined;
  return { accessKeyId, date, region, service, signedHeaders: headers.split(';'), signature };
}

export function signatureMatches(
  request: { readonly headers: IncomingHttpHeaders; readonly body: string },
  scope: SignedScope,
  secretAccessKey: string,
): boolean {
  const { date, region, service, signedHeaders } = scope;
  const lines = signedHeaders.map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, ' ')}\n`);
  const canonical = ['POST', '/', '', lines.join(''), signedHeaders.join(';'), sha256(request.body)].join('\n');
  const credentialScope = `${date}/${region}/${service}/aws4_request`;
  const time = String(request.headers['x-amz-date']);
  const toSign = ['AWS4-HMAC-SHA256', time, credentialScope, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (current, part) => hmac(current, part),
    `AWS4${secretAccessKey}`,
  );
  return hmac(key, toSign).toString('hex') === scope.signature;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
