/**
 * Reads a function's environment variables once, when its module loads. What is missing or malformed ends INIT with an error
 * that names the variables and says what each must be, and never what it holds. Functions that write secrets:
 * writer-configuration.ts, which needs more than these.
 */
import * as z from 'zod/mini';
import { parseOperatorHosts } from '../domain/secret-destination.ts';
import type {
  FirstAdminEnvironment,
  RecordDecisionsEnvironment,
  RejectEnvironment,
  ResolveEnvironment,
  SweepVaultEnvironment,
} from './environment.ts';

export type Variables = Readonly<Record<string, string | undefined>>;
export type Schemas<Names extends string> = Readonly<Record<Names, z.ZodMiniType>>;

export const text = z.string('must be set').check(z.minLength(1, 'must not be empty'));

export function wholeDays(from: number, to: number) {
  const rule = `must be a whole number from ${from} to ${to}`;
  return z.pipe(
    z.string('must be set').check(
      z.regex(/^[1-9]\d{0,3}$/, rule),
      z.refine((value) => Number(value) >= from && Number(value) <= to, rule),
    ),
    z.transform((value: string) => Number(value)),
  );
}

export const list = z.pipe(
  z.string('must be set'),
  z.transform((value: string) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ),
);

const HOSTS = 'must be hosts such as docker.example or docker.example:5000, comma-separated';

export const operatorHosts = z.pipe(
  z.pipe(
    list,
    z.transform((hosts: string[]) => {
      const parsed = parseOperatorHosts(hosts);
      return parsed.ok ? [...parsed.value] : undefined;
    }),
  ),
  z.array(z.string(), HOSTS),
);

const catalogue = { PULLPASS_INSTALLATION: text, PULLPASS_TABLE: text };
export const stores = { ...catalogue, PULLPASS_SECRET_PREFIX: text };

// `satisfies`: a variable that the stack sets and nobody reads, or the other way round, does not compile.

export const readResolveConfiguration = reader({
  ...stores,
  PULLPASS_ECR_UPSTREAM_HOSTS: operatorHosts,
} satisfies Schemas<keyof ResolveEnvironment>);

export const readRejectConfiguration = reader(catalogue satisfies Schemas<keyof RejectEnvironment>);

export const readRecordDecisionsConfiguration = reader({
  ...catalogue,
  PULLPASS_DECISION_DAYS: wholeDays(1, 3650),
} satisfies Schemas<keyof RecordDecisionsEnvironment>);

export const readSweepVaultConfiguration = reader({
  ...stores,
  PULLPASS_RECOVERY_DAYS: wholeDays(7, 30),
} satisfies Schemas<keyof SweepVaultEnvironment>);

export const readFirstAdminConfiguration = reader({
  ...catalogue,
  PULLPASS_ADMIN_SECRET: text,
} satisfies Schemas<keyof FirstAdminEnvironment>);

export function reader<Shape extends Readonly<Record<string, z.ZodMiniType>>>(
  shape: Shape,
): (variables: Variables) => z.infer<z.ZodMiniObject<Shape>> {
  const schema = z.object(shape);
  return (variables) => {
    const parsed = z.safeParse(schema, variables);
    if (parsed.success) return parsed.data;
    const faults = new Map(parsed.error.issues.map(({ path, message }) => [String(path[0]), message]));
    const named = [...faults].map(([name, rule]) => `${name} ${rule}`);
    throw new Error(`the environment of this function is not right: ${named.join('; ')}`);
  };
}
