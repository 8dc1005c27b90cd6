/**
 * What must not be in a bundle, because the function never uses it and every cold start would load it. Whoever imports it
 * by accident learns it from the tests and the benchmarks, which both look here.
 */
import type { BundledFunction } from './bundle.ts';

const NEVER = {
  /** Zod with its methods; `zod/mini` is a twentieth of it. The OpenAPI document needs it, so only `admin` may hold it. */
  'whole zod': /^zod\/v4\/classic\//,
  /** Credentials come from the environment variables. */
  'credential chain': /^@aws-sdk\/credential-provider-(?:node|ini|sso|process|web-identity|login|http)\//,
} as const;

const CLOUD_SOURCES = {
  'google-auth-library': /^google-auth-library\//,
  'client-ecr': /^@aws-sdk\/client-ecr\//,
  'client-ecr-public': /^@aws-sdk\/client-ecr-public\//,
  'client-sts': /^@aws-sdk\/client-sts\//,
} as const;

type Unwanted = Readonly<Record<string, RegExp>>;

const BY_FUNCTION: Readonly<Record<string, Unwanted>> = {
  resolve: { ...NEVER, ...CLOUD_SOURCES },
  reject: { ...NEVER, ...CLOUD_SOURCES },
  // It mints through the functions of the kinds.
  admin: { 'credential chain': NEVER['credential chain'], ...CLOUD_SOURCES },
  'mint-google': {
    ...NEVER,
    'client-ecr': CLOUD_SOURCES['client-ecr'],
    'client-ecr-public': CLOUD_SOURCES['client-ecr-public'],
    'client-sts': CLOUD_SOURCES['client-sts'],
  },
  'refresh-ecr': { ...NEVER, 'google-auth-library': CLOUD_SOURCES['google-auth-library'] },
};

/** Names of unwanted things that the bundle holds. */
export function unwantedIn({ name, modules }: Pick<BundledFunction, 'name' | 'modules'>): readonly string[] {
  const unwanted = BY_FUNCTION[name] ?? { ...NEVER, ...CLOUD_SOURCES };
  const packaged = [...modules.keys()].map((path) => path.split('node_modules/').at(-1) ?? '');
  return Object.entries(unwanted)
    .filter(([, pattern]) => packaged.some((path) => pattern.test(path)))
    .map(([what]) => what);
}
