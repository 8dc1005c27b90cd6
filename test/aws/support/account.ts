/**
 * An AWS account for a whole deployment: MiniStack behind TLS, with signatures checked and policies evaluated, and with names
 * that lead where a test says. Everything in its environment leaks into the functions that it runs, which is how they are
 * told of the test's own ECR.
 */
import https from 'node:https';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { signedByOwnAuthority } from '../../clients/support/certificates.ts';
import { freePort } from '../../clients/support/free-port.ts';
import { setHostNames, withPrivateSystem } from '../../clients/support/private-system.ts';
import { BARE_ENVIRONMENT, startProcess } from '../../clients/support/processes.ts';
import type { Workspace } from '../../clients/support/workspace.ts';
import { REGION } from './deployment-names.ts';
import { nodeFolder, program } from './machine.ts';

const START_SCRIPT = join(import.meta.dirname, 'ministack_account.py');
/** Of the account's root. */
const ROOT_KEY = 'test';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AccountOptions {
  /** Where names lead for the functions. */
  readonly hostNames?: Readonly<Record<string, string>>;
  /** Goes into every function's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long a minute of a schedule lasts. */
  readonly minuteSeconds?: number;
}

export interface Account {
  /** `https://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly port: number;
  /** PEM of the authority that signed for it. */
  readonly authorityFile: string;
  /** As the account's root: what a command that speaks to AWS is run with, beside a path. */
  readonly environment: Readonly<Record<string, string>>;
  /** What a client of the AWS SDK is built with. */
  clientOptions(keys?: Keys): {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: Keys;
    readonly requestHandler: { readonly httpsAgent: https.Agent };
  };
  /** Everything that it and its functions wrote outside of logs. */
  output(): string;
}

export const ROOT: Keys = { accessKeyId: ROOT_KEY, secretAccessKey: ROOT_KEY };

export async function openAccount(workspace: Workspace, options: AccountOptions = {}): Promise<Account> {
  const port = await freePort();
  const endpoint = `https://127.0.0.1:${port}`;
  const names = ['DNS:localhost', 'DNS:*.execute-api.localhost', 'IP:127.0.0.1'];
  const tls = await signedByOwnAuthority(workspace, 'aws', names);
  const home = dirname(workspace.path('account', 'home', 'any'));
  const environment = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: ROOT_KEY,
    AWS_SECRET_ACCESS_KEY: ROOT_KEY,
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    NODE_EXTRA_CA_CERTS: tls.authority,
    HOME: home,
  };
  setHostNames(workspace.path('account'), options.hostNames ?? {});
  const running = await startProcess(workspace, {
    name: 'account',
    ...withPrivateSystem(workspace.path('account'), { command: program('ministack'), parameters: [START_SCRIPT] }),
    environment: {
      ...environment,
      PATH: `${nodeFolder()}:${BARE_ENVIRONMENT['PATH'] ?? ''}`,
      ...{ AUTH: 'true', USE_SSL: '1', MINISTACK_SSL_CERT: tls.certificate, MINISTACK_SSL_KEY: tls.key },
      ...{ BIND_HOST: '127.0.0.1', GATEWAY_PORT: String(port), IOT_MTLS_ENABLED: '0', PERSIST_STATE: '0' },
      ...{ PYTHONDONTWRITEBYTECODE: '1', TMPDIR: dirname(workspace.path('account', 'tmp', 'any')) },
      ...{ MINISTACK_MINUTE_SECONDS: String(options.minuteSeconds ?? 60), LAMBDA_ASYNC_RETRY_BASE_SECONDS: '0.1' },
      ...options.environment,
    },
    ready: () => answers(`${endpoint}/_ministack/health`, tls.authority),
  });
  const httpsAgent = new https.Agent({ ca: readFileSync(tls.authority), keepAlive: false });
  return {
    ...{ endpoint, port, environment, authorityFile: tls.authority },
    clientOptions: (keys = ROOT) => ({ endpoint, region: REGION, credentials: keys, requestHandler: { httpsAgent } }),
    output: () => running.output(),
  };
}

function answers(url: string, authorityFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    https
      .get(url, { ca: readFileSync(authorityFile), agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
      .on('error', () => {
        resolve(false);
      });
  });
}
