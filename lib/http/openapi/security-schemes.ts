/** How callers prove who they are. */
import type { Route } from '../route.ts';

export const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'pp_<id>_<secret>: shown once, when the agent is created. It goes into the header authorization.',
  },
  // The form in which API Gateway's own exports describe it.
  sigv4: {
    type: 'apiKey',
    in: 'header',
    name: 'authorization',
    description: 'AWS Signature Version 4 of the service execute-api; only where API Gateway stands in front',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
} as const;

export function schemeOf({ callers = 'token' }: Route): keyof typeof SECURITY_SCHEMES {
  return callers === 'principal' ? 'sigv4' : 'token';
}
