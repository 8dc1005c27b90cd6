/**
 * The HTTP API: which path goes to which function, and who says who calls. Below /v1 it is the bearer token, which the
 * function checks; below /iam/v1 it is AWS, which checks the signature before any function runs.
 */
import {
  CfnStage,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  type HttpRoute,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { BundledFunction } from './bundled-function.ts';
import type { Settings, Throttling } from './settings.ts';
import type { Storage } from './storage.ts';

export interface ApiProps {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly resolve: BundledFunction;
  readonly reject: BundledFunction;
  readonly admin: BundledFunction;
}

type Call = readonly [HttpMethod, string];

const ENVIRONMENT = '/v1/environments/{environment}';

const RESOLVE: readonly Call[] = [
  [HttpMethod.POST, `${ENVIRONMENT}/resolve`],
  [HttpMethod.POST, `${ENVIRONMENT}/docker-credential`],
  [HttpMethod.POST, `${ENVIRONMENT}/explain`],
  [HttpMethod.GET, `${ENVIRONMENT}/docker-config`],
  [HttpMethod.GET, `${ENVIRONMENT}/host-config/{runtime}`],
];

const REJECT: readonly Call[] = [[HttpMethod.POST, `${ENVIRONMENT}/rejections`]];

/** Whatever no other route takes. The function answers strangers' paths and methods as it does everywhere. */
const ADMIN: readonly Call[] = [
  [HttpMethod.ANY, '/v1/{proxy+}'],
  [HttpMethod.GET, '/healthz'],
  [HttpMethod.GET, '/openapi.json'],
  [HttpMethod.GET, '/reference'],
  [HttpMethod.GET, '/install/{file}'],
];

/** Fixed fields: nothing that a caller writes is logged, no header, no body, no query, no path but the route's own. */
const ACCESS_LOG = JSON.stringify({
  requestId: '$context.requestId',
  at: '$context.requestTimeEpoch',
  sourceIp: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  milliseconds: '$context.responseLatency',
  integrationMilliseconds: '$context.integrationLatency',
  integrationStatus: '$context.integrationStatus',
  bytes: '$context.responseLength',
  refusal: '$context.error.responseType',
});

export class Api extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  /** Without a slash at its end. */
  readonly url: string;
  readonly accessLog: LogGroup;
  readonly domain: DomainName | undefined;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { settings, storage } = props;
    this.api = new HttpApi(this, 'Http', {
      description: `Pullpass ${settings.installation}`,
      createDefaultStage: false,
    });
    const administration = this.addRoutes(props);
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: settings.logRetention,
      encryptionKey: storage.key,
      removalPolicy: settings.removalPolicy,
    });
    this.domain = this.customDomain(settings);
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.throttling.requestsPerSecond, burstLimit: settings.throttling.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: AccessLogFormat.custom(ACCESS_LOG),
      },
      ...(this.domain === undefined ? {} : { domainMapping: { domainName: this.domain } }),
    });
    throttle(this.stage, ADMIN, settings.adminThrottling);
    // A stage refuses settings of routes that are not there yet.
    this.stage.node.addDependency(...administration);
    this.url = settings.customDomain === undefined ? this.api.apiEndpoint : `https://${settings.customDomain.name}`;
    acknowledge(this.api, {
      'AwsSolutions-APIG4': 'These routes take bearer tokens of Pullpass, which the functions check themselves.',
    });
  }

  /** @returns those of administration. */
  private addRoutes({ resolve, reject, admin }: ApiProps): readonly HttpRoute[] {
    const toResolve = integration('Resolve', resolve);
    const toReject = integration('Reject', reject);
    const iam = new HttpIamAuthorizer();
    this.route(RESOLVE, toResolve);
    this.route(REJECT, toReject);
    const administration = this.route(ADMIN, integration('Admin', admin));
    this.route(RESOLVE.map(signed), toResolve, iam);
    this.route(REJECT.map(signed), toReject, iam);
    return administration;
  }

  private route(
    calls: readonly Call[],
    to: HttpLambdaIntegration,
    authorizer?: IHttpRouteAuthorizer,
  ): readonly HttpRoute[] {
    const checked = authorizer === undefined ? {} : { authorizer };
    return calls.flatMap(([method, path]) =>
      this.api.addRoutes({ path, methods: [method], integration: to, ...checked }),
    );
  }

  private customDomain({ customDomain }: Settings): DomainName | undefined {
    if (customDomain === undefined) return undefined;
    return new DomainName(this, 'Domain', { domainName: customDomain.name, certificate: customDomain.certificate });
  }
}

/** The construct for stages knows only one limit for all routes. */
function throttle(stage: HttpStage, calls: readonly Call[], { requestsPerSecond, burst }: Throttling): void {
  const { defaultChild } = stage.node;
  if (!(defaultChild instanceof CfnStage)) throw new Error('the stage has no resource');
  const limits = { ThrottlingRateLimit: requestsPerSecond, ThrottlingBurstLimit: burst };
  defaultChild.routeSettings = Object.fromEntries(calls.map(([method, path]) => [`${method} ${path}`, limits]));
}

/** One permission a function, for every route of this API: one a route would outgrow a policy's size. */
function integration(id: string, { lambda }: BundledFunction): HttpLambdaIntegration {
  return new HttpLambdaIntegration(id, lambda, { scopePermissionToRoute: false });
}

function signed([method, path]: Call): Call {
  return [method, `/iam${path}`];
}
