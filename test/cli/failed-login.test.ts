import { describe, expect, it } from 'vitest';
import { registryDocument } from './api-documents.ts';
import { runCommand } from './run-command.ts';
import { problem, startScriptedApi } from './scripted-api.ts';

describe('a login that failed names the option that fits, if one does', () => {
  const untried = 'to store it without logging in: --no-verify';

  it.each([
    { status: 'http_only', says: 'It failed.', advice: 'if that is what you want: --plain-http' },
    { status: 'tls_untrusted', says: 'Give tls.ca.', advice: 'to trust its certificate: --ca FILE (or --skip-verify)' },
    {
      status: 'tls_untrusted',
      says: 'It has expired.',
      advice: 'to go on without checking its certificate: --skip-verify',
    },
    {
      status: 'realm_not_trusted',
      says: 'Add it to trustedRealms.',
      advice: 'to trust that host: --trusted-realm HOST',
    },
    { status: 'realm_not_trusted', says: 'A user name is in its URL.', advice: undefined },
    { status: 'dns', says: 'It failed.', advice: untried },
    { status: 'unreachable', says: 'It failed.', advice: untried },
    { status: 'timeout', says: 'It failed.', advice: untried },
    { status: 'rate_limited', says: 'It failed.', advice: untried },
    { status: 'forbidden', says: 'It failed.', advice: untried },
    { status: 'unauthorized', says: 'It failed.', advice: undefined },
    { status: 'scope_denied', says: 'It failed.', advice: 'to ask for another repository: --probe REPOSITORY' },
    { status: 'not_a_registry', says: 'It failed.', advice: undefined },
    { status: 'refused_address', says: 'It failed.', advice: undefined },
    { status: 'from_the_future', says: 'It failed.', advice: undefined },
  ])('$status, $says $advice', async ({ status, says, advice }) => {
    const failed = problem(422, 'verification_failed', { detail: says, verification: { status } });
    const refusing = await startScriptedApi({
      'POST /v1/registries': failed,
      'GET /v1/registries/01hzregistry1': { body: registryDocument() },
      'PATCH /v1/registries/01hzregistry1': failed,
    });
    const asking = { url: refusing.url, stdin: 'canary' };
    const ran = [
      await runCommand(['registry', 'add', 'quay.io', '--username', 'bob', '--password-stdin'], asking),
      await runCommand(['registry', 'edit', '01hzregistry1', '--password-stdin'], asking),
    ];
    await refusing.close();

    const stderr = `pullpass: ${says}\n${advice === undefined ? '' : `  ${advice}\n`}`;
    expect(ran).toEqual([
      { exitCode: 1, stdout: '', stderr },
      { exitCode: 1, stdout: '', stderr },
    ]);
  });
});
