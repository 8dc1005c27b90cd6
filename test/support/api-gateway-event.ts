/** What API Gateway sends to a function (payload 2.0), with what it says of a caller whose signature it has checked. */
import type { ApiEvent } from '../../lib/http/api-request.ts';

export interface GatewayCall {
  /** `POST /iam/v1/environments/prod/resolve`. */
  readonly what: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What API Gateway puts there on routes with the authorization AWS_IAM, and only there. */
  readonly userArn?: string;
  /** In place of the whole of that. */
  readonly authorizer?: object;
}

export function apiGatewayEvent(call: GatewayCall): ApiEvent {
  const [method = '', target = ''] = call.what.split(' ');
  const { pathname, search, searchParams } = new URL(target, 'https://api.example');
  const { body, userArn } = call;
  const authorizer = call.authorizer ?? (userArn === undefined ? undefined : { iam: identity(userArn) });
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.replace('?', ''),
    headers: { ...call.headers },
    ...(search === '' ? {} : { queryStringParameters: Object.fromEntries(searchParams) }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example',
      domainPrefix: 'api',
      requestId: 'request',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
      http: { method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      ...(authorizer === undefined ? {} : { authorizer }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}

function identity(userArn: string) {
  return {
    accessKey: 'ASIAEXAMPLEEXAMPLE01',
    accountId: '123456789012',
    callerId: 'AROAEXAMPLEEXAMPLE01:i-0123456789abcdef0',
    cognitoIdentity: null,
    principalOrgId: 'aws:PrincipalOrgID',
    userArn,
    userId: 'AROAEXAMPLEEXAMPLE01:i-0123456789abcdef0',
  } as const;
}
