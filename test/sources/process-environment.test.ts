/** What the vendors' libraries read from the environment, seen in a process of its own. */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAwsWireServer, type AwsWireServer } from '../support/aws-wire-server.ts';
import { createServiceAccount, startGoogleTokenServer } from '../support/google-token-server.ts';

const program = fileURLToPath(new URL('mint-in-process.ts', import.meta.url));
const at = '111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const OWN = { accessKeyId: 'AKIAOWNIDENTITY00000', secretAccessKey: 'canary-own-secret' };
const IDENTITY = { AWS_ACCESS_KEY_ID: OWN.accessKeyId, AWS_SECRET_ACCESS_KEY: OWN.secretAccessKey };

let server: AwsWireServer;
let elsewhere: AwsWireServer;
beforeAll(async () => {
  server = await startAwsWireServer({ accessKeys: { [OWN.accessKeyId]: OWN.secretAccessKey } });
  elsewhere = await startAwsWireServer({ accessKeys: {} });
});
afterAll(async () => {
  await Promise.all([server.close(), elsewhere.close()]);
});

interface Task {
  readonly at: string;
  readonly input: Record<string, unknown>;
  readonly trustedTokenUris?: readonly string[];
}

async function mintWith(environment: Record<string, string>, task: Task): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program], {
    env: {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/nowhere',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(JSON.stringify({ trustedTokenUris: [], ...task }));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr };
}

const ecr = { at, input: { kind: 'ecr' } };

describe("the environment of Pullpass's process", () => {
  it('gives it its AWS identity and says where AWS is', async () => {
    const { stdout } = await mintWith({ ...IDENTITY, AWS_ENDPOINT_URL: server.endpoint }, ecr);
    expect(JSON.parse(stdout)).toEqual({ password: server.secrets.at(-1) });
    expect(server.requests.at(-1)).toMatchObject({ service: 'ecr', region: 'eu-west-1', principal: OWN.accessKeyId });
  });

  it.each([
    ['AWS_ENDPOINT_URL_ECR', ecr, 'ecr'],
    ['AWS_ENDPOINT_URL_ECR_PUBLIC', { ...ecr, at: 'public.ecr.aws' }, 'ecr-public'],
    ['AWS_ENDPOINT_URL_STS', { at, input: { kind: 'ecr', roleArn: 'arn:aws:iam::444455556666:role/x' } }, 'sts'],
  ])('says with %s where one service is', async (variable, task, service) => {
    const before = server.requests.length;
    await mintWith({ ...IDENTITY, AWS_ENDPOINT_URL: elsewhere.endpoint, [variable]: server.endpoint }, task);
    expect(server.requests.slice(before)).toMatchObject([{ service }]);
  });

  it("does not choose the region: that is the registry's", async () => {
    const before = server.requests.length;
    await mintWith({ ...IDENTITY, AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: 'us-east-1' }, ecr);
    expect(server.requests.slice(before)).toMatchObject([{ region: 'eu-west-1' }]);
  });

  it('is told of when it holds no AWS identity', async () => {
    const { stdout } = await mintWith({ AWS_ENDPOINT_URL: server.endpoint }, ecr);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'denied' });
    expect(stdout).toContain('no AWS identity');
  });

  it("can't make Google's library write requests into the log", async () => {
    const account = createServiceAccount();
    const google = await startGoogleTokenServer({ accounts: [account] });
    const input = { kind: 'google', key: account.keyFile(google.tokenUri) };
    const environment = { GOOGLE_SDK_NODE_LOGGING: '*', NODE_DEBUG: '' };
    const { stdout, stderr } = await mintWith(environment, {
      at: 'gcr.io',
      input,
      trustedTokenUris: [google.tokenUri],
    });
    await google.close();
    expect(JSON.parse(stdout)).toEqual({ password: google.secrets.at(-1) });
    for (const secret of google.secrets) expect(stderr).not.toContain(secret);
  });
});
