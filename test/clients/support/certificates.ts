/** Keys and certificates made by openssl: a token server's own, and a certificate authority with a server's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { runOrThrow } from './run.ts';
import { tool } from './tools.ts';
import type { Workspace } from './workspace.ts';

export interface KeyPair {
  /** Path of a PEM file. */
  readonly certificate: string;
  readonly key: string;
}

async function openssl(workspace: Workspace, cwd: string, parameters: readonly string[]): Promise<void> {
  await runOrThrow(workspace, { name: 'openssl', command: tool('openssl'), parameters, cwd });
}

/** An RSA key with a self-signed certificate. */
export async function selfSigned(workspace: Workspace, name: string): Promise<KeyPair> {
  const folder = workspace.path('certificates', name);
  mkdirSync(folder);
  await openssl(workspace, folder, [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'certificate.pem'],
    ...['-days', '2', '-subj', `/CN=${name}`],
  ]);
  return { certificate: `${folder}/certificate.pem`, key: `${folder}/key.pem` };
}

/** A server's certificate, for localhost and 127.0.0.1 unless told otherwise, and that of the authority that signed it. */
export async function signedByOwnAuthority(
  workspace: Workspace,
  name: string,
  alternativeNames: readonly string[] = ['DNS:localhost', 'IP:127.0.0.1'],
): Promise<KeyPair & { readonly authority: string }> {
  const authority = await selfSigned(workspace, `${name}-authority`);
  const folder = workspace.path('certificates', name);
  mkdirSync(folder);
  const extensions = `subjectAltName=${alternativeNames.join(',')}\nextendedKeyUsage=serverAuth\n`;
  writeFileSync(`${folder}/extensions`, extensions);
  await openssl(workspace, folder, [
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=localhost'],
  ]);
  await openssl(workspace, folder, [
    ...['x509', '-req', '-in', 'request.pem', '-out', 'certificate.pem', '-days', '2', '-CAcreateserial'],
    ...['-CA', authority.certificate, '-CAkey', authority.key, '-extfile', 'extensions'],
  ]);
  return {
    certificate: `${folder}/certificate.pem`,
    key: `${folder}/key.pem`,
    authority: authority.certificate,
  };
}
