import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { failure, success, type Result } from '../../lib/domain/result.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { decodeMintRequest, encodeMintRequest, mintAnswer } from '../../lib/lambda/mint-request.ts';
import { mintedRemotely } from '../../lib/lambda/remote-mint.ts';
import { mintFailure } from '../../lib/service/mint.ts';
import type { MintFailure, MintedCredential, SourceAcceptance } from '../../lib/sources/source-kind.ts';
import { capturedLog, type CapturedLog } from '../support/captured-log.ts';
import {
  LAMBDA_TEXT,
  startLambdaWireServer,
  type LambdaFault,
  type LambdaWireServer,
} from '../support/lambda-wire-server.ts';
import { canonicalAddress } from '../support/registry-fixture.ts';

const acceptance: SourceAcceptance = {
  kind: 'ecr',
  renewable: true,
  inputSchema: z.object({}),
  accept: () => success({ settings: { kind: 'ecr' } }),
  sharingKey: () => undefined,
};
const address = canonicalAddress('111122223333.dkr.ecr.eu-west-1.amazonaws.com');
const settings = { kind: 'ecr', roleArn: 'arn:aws:iam::1:role/x', repositories: ['a', 'b'], nothing: undefined };
const secret = new Secret('{"secretAccessKey":"canary-in"}');

let lambda: LambdaWireServer;
let client: LambdaClient;
let captured: CapturedLog;
/** What the other function answers. */
let answer: (event: unknown) => Promise<unknown>;

beforeEach(async () => {
  captured = capturedLog();
  lambda = await startLambdaWireServer({ 'refresh-ecr': (event) => answer(event) });
  client = new LambdaClient({
    region: 'eu-west-1',
    endpoint: lambda.endpoint,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await lambda.close();
});

async function mint(signal = AbortSignal.timeout(5_000)): Promise<Result<MintedCredential, MintFailure>> {
  const remote = { client, functionName: 'refresh-ecr', timeoutMilliseconds: 4_000, report: captured.log.report };
  return await mintedRemotely(acceptance, remote).mint({ address, settings, secret, signal });
}

describe('a mint by another function', () => {
  it('is asked with all that the kind needs, and answers what that function minted', async () => {
    const expiresAt = 1_767_225_600_000;
    answer = async (event) => {
      const request = decodeMintRequest(event);
      expect(request).toMatchObject({ address, timeoutMilliseconds: 4_000 });
      expect(request?.settings).toEqual({ kind: 'ecr', roleArn: 'arn:aws:iam::1:role/x', repositories: ['a', 'b'] });
      expect(request?.secret?.reveal()).toBe(secret.reveal());
      return mintAnswer(success({ username: 'AWS', password: new Secret('canary-out'), expiresAt }));
    };
    const minted = await mint();
    expect(minted).toMatchObject({ ok: true, value: { username: 'AWS', expiresAt } });
    expect(minted.ok && minted.value.password.reveal()).toBe('canary-out');
    expect(captured.text()).toBe('');
  });

  it('fails as the other function says that it failed', async () => {
    const reason = { ...mintFailure('throttled', 'Amazon ECR asks for fewer requests'), retryAfterSeconds: 7 };
    answer = async () => await Promise.resolve(mintAnswer(failure(reason)));
    expect(await mint()).toEqual(failure(reason));
  });

  it.each<[string, LambdaFault, MintFailure['code']]>([
    ['it may not be called', { kind: 'error', status: 403, code: 'AccessDeniedException' }, 'unavailable'],
    ['there is none', { kind: 'error', status: 404, code: 'ResourceNotFoundException' }, 'unavailable'],
    ['too many run', { kind: 'error', status: 429, code: 'TooManyRequestsException' }, 'throttled'],
    ['Lambda is out of order', { kind: 'error', status: 500, code: 'ServiceException' }, 'unavailable'],
    ['the connection breaks', { kind: 'drop' }, 'unavailable'],
    ['it answers nonsense', { kind: 'answer', body: 'canary' }, 'internal'],
    ['it answers something else', { kind: 'answer', body: '{"ok":true,"username":"canary"}' }, 'internal'],
  ])('fails with a code when %s', async (_name, fault, code) => {
    lambda.always(fault);
    const minted = await mint();
    expect(minted).toMatchObject({ ok: false, failure: { kind: 'mint_failed', code } });
    expect(captured.lines()).toMatchObject([{ event: 'mint.invoke_failed', kind: 'ecr' }]);
    const shown = JSON.stringify(minted) + captured.text();
    expect(shown).not.toContain('canary');
    expect(shown).not.toContain(LAMBDA_TEXT);
  });

  it('tells nothing of what the other function threw', async () => {
    answer = async () => await Promise.reject(new Error('canary'));
    expect(await mint()).toMatchObject({ ok: false, failure: { code: 'internal' } });
    expect(captured.lines()).toMatchObject([{ reason: 'function_error' }]);
    expect(captured.text()).not.toContain('canary');
  });

  it('ends when its caller has waited long enough', async () => {
    lambda.always({ kind: 'hang' });
    const since = performance.now();
    expect(await mint(AbortSignal.timeout(100))).toMatchObject({ ok: false, failure: { code: 'timeout' } });
    expect(performance.now() - since).toBeLessThan(2_000);
  });
});

describe('a request to mint', () => {
  const valid: unknown = JSON.parse(encodeMintRequest({ address, settings, secret, timeoutMilliseconds: 1_000 }));

  it('is read back as it was written', () => {
    expect(decodeMintRequest(valid)).toMatchObject({ address, timeoutMilliseconds: 1_000 });
  });

  it.each([
    ['nothing', undefined],
    ['a refresh', { pullpass: 'refresh' }],
    ['one with more in it', { ...Object(valid), more: 1 }],
    ['one without a time', { ...Object(valid), timeoutMilliseconds: undefined }],
    ['one without end', { ...Object(valid), timeoutMilliseconds: 3_600_000 }],
    ['an address that is none', { ...Object(valid), address: 'Not an address' }],
    ['settings of no kind', { ...Object(valid), settings: {} }],
  ])('is not read from %s', (_name, event) => {
    expect(decodeMintRequest(event)).toBeUndefined();
  });
});
