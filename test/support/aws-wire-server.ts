/**
 * STS, ECR and ECR Public on loopback, as their clients see them: AWS JSON 1.1 and the query protocol, signatures that are
 * really checked, trust policies with external ids, the services' own shapes of answers and errors. Faults are scripted.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readScope, signatureMatches, type SignedScope } from './aws-signature.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';

export type AwsService = 'ecr' | 'ecr-public' | 'sts';

/** One request that arrived, refused ones included. */
export interface AwsRequest {
  readonly service: AwsService;
  readonly region: string;
  readonly accessKeyId: string;
  /** Whose credentials signed it: a role's ARN, or the access key id. */
  readonly principal: string;
  /** AssumeRole's parameters, by AWS's names. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface IssuedToken {
  readonly password: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export type AwsFault =
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly status: number;
      readonly headers?: Record<string, string>;
    }
  /** An answer with status 200 and this body. */
  | { readonly kind: 'answer'; readonly body: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' };

export interface AwsWireServerOptions {
  /** Access key id -> secret access key. */
  readonly accessKeys: Readonly<Record<string, string>>;
  /** Role ARN -> the external id that its trust policy asks for. */
  readonly roles?: Readonly<Record<string, string>>;
  readonly sessionSeconds?: number;
  /** The login to give out; left out: a password that says whom it was given to, for 12 hours. */
  readonly issue?: (request: AwsRequest) => IssuedToken;
}

export interface AwsWireServer {
  /** For the SDK: `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly requests: AwsRequest[];
  /** Session credentials and passwords given out so far: what must appear nowhere else. */
  readonly secrets: string[];
  /** The next requests of a service meet these, one each. */
  readonly script: (service: AwsService, ...faults: AwsFault[]) => void;
  /** Every request of a service meets it, until told `undefined`. */
  readonly always: (service: AwsService, fault: AwsFault | undefined) => void;
  readonly close: () => Promise<void>;
}

/** In every error's message, since the real ones name accounts and identities: it must not come back out of Pullpass. */
export const VENDOR_TEXT = 'arn:aws:sts::999988887777:assumed-role/vendor-text is not authorized';

interface Session {
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly roleArn: string;
}

export async function startAwsWireServer(options: AwsWireServerOptions): Promise<AwsWireServer> {
  const sessions = new Map<string, Session>();
  const requests: AwsRequest[] = [];
  const secrets: string[] = [];
  const scripted = new Map<AwsService, AwsFault[]>();
  const standing = new Map<AwsService, AwsFault>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const scope = readScope(request.headers.authorization);
    const service = scope?.service;
    if (scope === undefined || !isService(service)) {
      respond(response, 403, '{"__type":"MissingAuthenticationTokenException"}');
      return;
    }
    const session = sessions.get(scope.accessKeyId);
    const principal = session?.roleArn ?? scope.accessKeyId;
    const parameters = service === 'sts' ? Object.fromEntries(new URLSearchParams(body)) : {};
    const { region, accessKeyId } = scope;
    const arrived = { service, region, accessKeyId, principal, parameters };
    requests.push(arrived);
    const fault =
      scripted.get(service)?.shift() ?? standing.get(service) ?? identityFault({ request, body, scope, session });
    if (fault !== undefined) suffer(fault, service, response);
    else if (service === 'sts') assumeRole(arrived, response);
    else giveLogin(arrived, request, response);
  }

  function identityFault(signed: {
    readonly request: IncomingMessage;
    readonly body: string;
    readonly scope: SignedScope;
    readonly session: Session | undefined;
  }): AwsFault | undefined {
    const { request, body, scope, session } = signed;
    const sts = scope.service === 'sts';
    const secret = session?.secretAccessKey ?? options.accessKeys[scope.accessKeyId];
    const unknown = {
      kind: 'error',
      status: sts ? 403 : 400,
      code: sts ? 'InvalidClientTokenId' : 'UnrecognizedClientException',
    } as const;
    if (secret === undefined) return unknown;
    if (request.headers['x-amz-security-token'] !== session?.sessionToken) return unknown;
    if (signatureMatches({ headers: request.headers, body }, scope, secret)) return undefined;
    return {
      kind: 'error',
      status: sts ? 403 : 400,
      code: sts ? 'SignatureDoesNotMatch' : 'InvalidSignatureException',
    };
  }

  function assumeRole(request: AwsRequest, response: ServerResponse): void {
    const { RoleArn = '', ExternalId, DurationSeconds, RoleSessionName = '' } = request.parameters;
    const trusted = options.roles?.[RoleArn];
    if (trusted === undefined || trusted !== ExternalId) {
      suffer({ kind: 'error', status: 403, code: 'AccessDenied' }, 'sts', response);
      return;
    }
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const secretAccessKey = randomBytes(30).toString('base64');
    const sessionToken = randomBytes(60).toString('base64');
    sessions.set(accessKeyId, { secretAccessKey, sessionToken, roleArn: RoleArn });
    secrets.push(secretAccessKey, sessionToken);
    const seconds = options.sessionSeconds ?? Number(DurationSeconds ?? 3600);
    const expiration = new Date(Date.now() + seconds * 1000).toISOString();
    const assumed = RoleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/');
    respond(
      response,
      200,
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROATEST:${RoleSessionName}</AssumedRoleId><Arn>${assumed}/${RoleSessionName}</Arn></AssumedRoleUser><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult><ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></AssumeRoleResponse>`,
    );
  }

  function giveLogin(arrived: AwsRequest, request: IncomingMessage, response: ServerResponse): void {
    const target = request.headers['x-amz-target'];
    if (target !== TARGETS[arrived.service]) {
      suffer({ kind: 'error', status: 400, code: 'UnknownOperationException' }, arrived.service, response);
      return;
    }
    const { password, expiresAt } = (options.issue ?? describeHolder)(arrived);
    secrets.push(password);
    const data = {
      authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
      expiresAt: expiresAt / 1000,
    };
    const registry = `https://111122223333.dkr.ecr.${arrived.region}.amazonaws.com`;
    const body =
      arrived.service === 'ecr-public'
        ? { authorizationData: data }
        : { authorizationData: [{ ...data, proxyEndpoint: registry }] };
    respond(response, 200, JSON.stringify(body));
  }

  const server = await listenOnLoopback(serve);
  return {
    ...server,
    requests,
    secrets,
    script: (service, ...faults) => {
      scripted.set(service, [...(scripted.get(service) ?? []), ...faults]);
    },
    always: (service, fault) => {
      if (fault === undefined) standing.delete(service);
      else standing.set(service, fault);
    },
  };
}

const TARGETS: Readonly<Record<AwsService, string>> = {
  ecr: 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
  'ecr-public': 'SpencerFrontendService.GetAuthorizationToken',
  sts: '',
};

function isService(text: string | undefined): text is AwsService {
  return text !== undefined && Object.hasOwn(TARGETS, text);
}

/** A password that says which principal it belongs to, and in which region. */
function describeHolder({ service, region, principal }: AwsRequest): IssuedToken {
  const password = Buffer.from(JSON.stringify({ service, region, principal, nonce: randomBytes(8).toString('hex') }));
  return { password: password.toString('base64'), expiresAt: Date.now() + 12 * 3_600_000 };
}

function suffer(fault: AwsFault, service: AwsService, response: ServerResponse): void {
  switch (fault.kind) {
    case 'hang':
      return;
    case 'drop':
      response.destroy();
      return;
    case 'answer':
      respond(response, 200, fault.body);
      return;
    case 'error':
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      respond(
        response,
        fault.status,
        service === 'sts'
          ? `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${fault.code}</Code><Message>${VENDOR_TEXT}</Message></Error><RequestId>test</RequestId></ErrorResponse>`
          : JSON.stringify({ __type: fault.code, message: VENDOR_TEXT }),
      );
  }
}

function respond(response: ServerResponse, status: number, body: string): void {
  response.setHeader('content-type', body.startsWith('<') ? 'text/xml' : 'application/x-amz-json-1.1');
  response.setHeader('x-amzn-requestid', 'test');
  response.writeHead(status).end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
