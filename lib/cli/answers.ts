/** Of the API's answers, what the command line prints. Loose: a newer Pullpass may say more. */
import * as z from 'zod/mini';

const optionalText = z.optional(z.nullable(z.string()));

const others = z.optional(z.array(z.looseObject({ id: z.string(), environments: z.array(z.string()) })));

export const registryAnswer = z.looseObject({
  id: z.string(),
  address: z.string(),
  environments: z.array(z.string()),
  state: z.string(),
  overridden: z.optional(z.boolean()),
  /** At the same address: where this one answers instead of another, and another instead of this one. */
  overrides: others,
  overriddenBy: others,
  source: z.looseObject({ kind: z.string() }),
  tls: z.optional(
    z.looseObject({
      ca: z.optional(z.string()),
      skipVerify: z.optional(z.boolean()),
      plainHttp: z.optional(z.boolean()),
    }),
  ),
  probe: z.optional(z.nullable(z.looseObject({ repository: z.string() }))),
  trustedRealms: z.optional(z.array(z.string())),
  email: optionalText,
  description: optionalText,
  expiresOn: optionalText,
  expiresInDays: z.optional(z.nullable(z.number())),
  credential: z.looseObject({
    state: z.string(),
    username: optionalText,
    issuedAt: optionalText,
    expiresAt: optionalText,
    nextRefreshAt: optionalText,
    version: optionalText,
    lastError: z.optional(z.nullable(z.looseObject({ code: z.string(), at: z.string() }))),
  }),
  verification: z.optional(
    z.nullable(
      z.looseObject({
        status: z.string(),
        at: z.string(),
        warning: optionalText,
        drift: z.optional(z.nullable(z.looseObject({ from: z.string(), at: z.string() }))),
      }),
    ),
  ),
  createdAt: optionalText,
  updatedAt: optionalText,
  revision: z.number(),
});
export type RegistryAnswer = z.infer<typeof registryAnswer>;

export const verificationAnswer = z.looseObject({ status: z.string(), warning: optionalText, advice: optionalText });

const exceptionAnswer = z.looseObject({
  entry: z.string(),
  reason: z.string(),
  until: z.string(),
  ended: z.boolean(),
});
export type ExceptionAnswer = z.infer<typeof exceptionAnswer>;

export const policyAnswer = z.looseObject({
  whitelist: z.nullable(z.array(z.string())),
  deny: z.array(z.string()),
  alwaysAllow: z.array(z.string()),
  exceptions: z.array(exceptionAnswer),
  defaultRegistry: z.nullable(z.string()),
  mode: z.nullable(z.string()),
  revision: z.number(),
  updatedAt: optionalText,
});
export type PolicyAnswer = z.infer<typeof policyAnswer>;

export const agentAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  environments: z.array(z.string()),
  export: z.boolean(),
  principal: optionalText,
  createdAt: optionalText,
  expiresAt: optionalText,
});
export type AgentAnswer = z.infer<typeof agentAnswer>;
export const createdAgentAnswer = z.extend(agentAnswer, { token: z.string() });

const referenceAnswer = z.looseObject({ canonical: z.string() });
const decisionAnswer = z.looseObject({
  allowed: z.boolean(),
  rule: z.string(),
  mode: z.string(),
  wouldRefuse: z.optional(z.boolean()),
});

export const resolutionAnswer = z.looseObject({
  reference: referenceAnswer,
  decision: decisionAnswer,
  credential: z.looseObject({
    username: z.string(),
    password: z.string(),
    serverAddress: z.string(),
    expiresAt: optionalText,
    refreshAfter: optionalText,
    version: z.string(),
    registryId: z.string(),
  }),
});

const registryReference = z.looseObject({ id: z.string(), address: z.string() });

/** Agents are not told the reason. */
const explainedException = z.looseObject({ entry: z.string(), reason: z.optional(z.string()) });
const rulesAnswer = z.optional(z.nullable(z.looseObject({ exceptions: z.optional(z.array(explainedException)) })));

export const explanationAnswer = z.looseObject({
  reference: referenceAnswer,
  decision: decisionAnswer,
  rules: z.optional(z.looseObject({ organisation: rulesAnswer, environment: rulesAnswer })),
  outcome: z.string(),
  why: z.string(),
  registry: z.nullable(registryReference),
  credentialState: optionalText,
  overridden: z.optional(z.array(registryReference)),
});
export type ExplanationAnswer = z.infer<typeof explanationAnswer>;

const verdictAnswer = z.looseObject({
  reference: z.nullable(z.string()),
  fault: optionalText,
  allowed: z.boolean(),
  rule: z.string(),
  mode: z.string(),
  wouldRefuse: z.boolean(),
});
export type VerdictAnswer = z.infer<typeof verdictAnswer>;

const testedAnswer = z.looseObject({
  kind: z.string(),
  image: z.string(),
  present: verdictAnswer,
  proposed: z.nullable(verdictAnswer),
  change: z.nullable(z.string()),
});
export type TestedAnswer = z.infer<typeof testedAnswer>;

export const policyTestAnswer = z.looseObject({
  revisions: z.looseObject({ organisation: z.number(), environment: z.nullable(z.number()) }),
  items: z.array(testedAnswer),
});

const refusalAnswer = z.looseObject({
  outcome: z.string(),
  rule: z.string(),
  image: z.string(),
  count: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
  agents: z.array(z.string()),
  moreAgents: z.boolean(),
});
export type RefusalAnswer = z.infer<typeof refusalAnswer>;

export const refusalsAnswer = z.looseObject({
  since: z.string(),
  from: z.nullable(z.string()),
  to: z.nullable(z.string()),
  decisions: z.number(),
  items: z.array(refusalAnswer),
  cursor: optionalText,
});

export const statusAnswer = z.looseObject({
  health: z.string(),
  environments: z.number(),
  kinds: z.array(
    z.looseObject({
      kind: z.string(),
      registries: z.number(),
      inactive: z.number(),
      states: z.looseObject({ fresh: z.number(), stale: z.number(), expired: z.number(), pending: z.number() }),
      soonestSecondsLeft: z.nullable(z.number()),
    }),
  ),
  drifted: z.optional(z.number()),
  attention: z.array(registryAnswer),
  expiring: z.optional(z.array(registryAnswer)),
  unreadable: z.optional(z.number()),
  unreadableRows: z.optional(z.array(z.looseObject({ table: z.string(), id: z.string(), reason: z.string() }))),
});

export const hostConfigAnswer = z.looseObject({
  runtime: z.string(),
  enforces: z.string(),
  notes: z.array(z.string()),
  files: z.array(z.looseObject({ path: z.string(), mode: z.string(), content: z.string() })),
  daemon: z.optional(z.looseObject({ 'insecure-registries': z.array(z.string()) })),
});

export const auditAnswer = z.looseObject({
  type: z.string(),
  at: z.string(),
  environment: optionalText,
  agentId: optionalText,
  /** The caller's ARN, where AWS IAM said who called. */
  principal: optionalText,
  /** Of the agent or the actor; null when it is gone. */
  name: optionalText,
  image: optionalText,
  outcome: optionalText,
  rule: optionalText,
  wouldRefuse: z.optional(z.boolean()),
  actor: optionalText,
  action: optionalText,
  subject: optionalText,
  detail: optionalText,
});
export type AuditAnswer = z.infer<typeof auditAnswer>;
