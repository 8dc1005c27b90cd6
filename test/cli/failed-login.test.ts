import { describe, expect, it } from 'vitest';
import { registryDocument } from './api-documents.ts';
import { runCommand } from './run-command.ts';
import { problem, startScriptedApi } from './scripted-api.ts';

describe('a login that failed names the option that fits, if one does', () => {
  const untried = 'to store it without logging in: --no-verify';

  it.each([
    { status: 'http_only', advice: 'if that is what you want: --plain-http' },
    { status: 'tls_untrusted', advice: 'to trust its certificate: --ca FILE (or --skip-verify)' },
    { status: 'realm_not_trusted', advice: 'to trust that host: --trusted-realm HOST' },
    { status: 'dns', advice: untried },
    { status: 'unreachable', advice: untried },
    { status: 'timeout', advice: untried },
    { status: 'rate_limited', advice: untried },
    { status: 'unauthorized', advice: undefined },
    { status: 'scope_denied', advice: 'to ask for another repository: --probe REPOSITORY' },
    { status: 'not_a_registry', advice: undefined },
    { status: 'refused_address', advice: undefined },
    { status: 'from_the_future', advice: undefined },
  ])('$status: $advice', async ({ status, advice }) => {
    const failed = problem(422, 'verification_failed', { detail: 'It did not work.', verification: { status } });
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

    const stderr = `pullpass: It did not work.\n${advice === undefined ? '' : `  ${advice}\n`}`;
    expect(ran).toEqual([
      { exitCode: 1, stdout: '', stderr },
      { exitCode: 1, stdout: '', stderr },
    ]);
  });
});
