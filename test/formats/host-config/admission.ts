/** An API server as far as admission policies go: evaluates the objects of the file against a pod. */
import { celEnv, isCelError, isCelList, parse, plan, type CelInput } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import * as z from 'zod/mini';

const policySchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicy'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
    validations: z.array(z.object({ expression: z.string(), messageExpression: z.string() })),
  }),
});
const bindingSchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicyBinding'),
  spec: z.object({ policyName: z.string(), validationActions: z.array(z.string()) }),
});
const listSchema = z.object({ kind: z.literal('List'), items: z.array(z.union([policySchema, bindingSchema])) });

export interface Refusal {
  readonly policy: string;
  readonly actions: readonly string[];
  readonly message: string;
}

export interface Change {
  readonly object: CelInput;
  readonly oldObject?: CelInput;
}

export interface Admission {
  /** The expressions, by the variable's name. */
  readonly expressions: readonly string[];
  readonly refusals: (change: Change) => readonly Refusal[];
}

const env = celEnv({ funcs: strings });
type Program = ReturnType<typeof plan>;

function program(expression: string): Program {
  return plan(env, parse(expression));
}

/** @param content the JSON file that is applied to the cluster. */
export function admission(content: string): Admission {
  const { items } = listSchema.parse(JSON.parse(content));
  const bindings = items.filter((item) => item.kind === 'ValidatingAdmissionPolicyBinding');
  const policies = items.filter((item) => item.kind === 'ValidatingAdmissionPolicy');
  const compiled = policies.map(({ metadata, spec }) => ({
    policy: metadata.name,
    actions: bindings
      .filter((binding) => binding.spec.policyName === metadata.name)
      .flatMap((b) => b.spec.validationActions),
    variables: spec.variables.map(({ name, expression }) => ({ name, run: program(expression) })),
    validations: spec.validations.map((validation) => ({
      holds: program(validation.expression),
      message: program(validation.messageExpression),
    })),
  }));
  return {
    expressions: policies.flatMap(({ spec }) => [
      ...spec.variables.map(({ expression }) => expression),
      ...spec.validations.map(({ expression }) => expression),
    ]),
    refusals: ({ object, oldObject = null }) =>
      compiled.flatMap(({ policy, actions, variables, validations }) => {
        const known = new Map<string, CelInput>();
        const context = { object, oldObject, variables: known };
        for (const { name, run } of variables) known.set(name, valueOf(run(context)));
        return validations.flatMap(({ holds, message }) =>
          valueOf(holds(context)) === true ? [] : [{ policy, actions, message: textOf(valueOf(message(context))) }],
        );
      }),
  };
}

function valueOf(result: ReturnType<Program>): CelInput {
  if (isCelError(result)) throw new Error(result.message);
  return isCelList(result) ? [...result] : result;
}

function textOf(value: CelInput): string {
  if (typeof value !== 'string') throw new Error('not a text');
  return value;
}

export function podOf(...images: readonly string[]): CelInput {
  return new Map([['spec', new Map([['containers', images.map((image) => new Map([['image', image]]))]])]]);
}
