/** What the reference page reads of an OpenAPI document; the rest of it is for programs. */
import * as z from 'zod/mini';

const text = z.optional(z.string());
const number = z.optional(z.number());

const schema = z.object({
  $ref: text,
  type: z.optional(z.union([z.string(), z.array(z.string())])),
  description: text,
  format: text,
  pattern: text,
  enum: z.optional(z.array(z.unknown())),
  const: z.optional(z.unknown()),
  minimum: number,
  maximum: number,
  minLength: number,
  maxLength: number,
  minItems: number,
  maxItems: number,
  writeOnly: z.optional(z.boolean()),
  required: z.optional(z.array(z.string())),
  get properties() {
    return z.optional(z.record(z.string(), schema));
  },
  get items() {
    return z.optional(schema);
  },
  get anyOf() {
    return z.optional(z.array(schema));
  },
  get oneOf() {
    return z.optional(z.array(schema));
  },
  get additionalProperties() {
    return z.optional(z.union([z.boolean(), schema]));
  },
});
export type Schema = z.infer<typeof schema>;

const example = z.object({ value: z.optional(z.unknown()), $ref: text });
const content = z.optional(
  z.record(
    z.string(),
    z.object({
      schema: z.optional(schema),
      example: z.optional(z.unknown()),
      examples: z.optional(z.record(z.string(), example)),
    }),
  ),
);
export type Content = z.infer<typeof content>;

const response = z.object({
  description: z.string(),
  headers: z.optional(z.record(z.string(), z.object({ description: text }))),
  content,
});
export type Response = z.infer<typeof response>;

const parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.optional(z.boolean()),
  description: text,
  schema: z.looseObject({ ...schema.shape, examples: z.optional(z.array(z.unknown())) }),
});
export type Parameter = z.infer<typeof parameter>;

const operation = z.object({
  summary: z.string(),
  description: z.string(),
  operationId: z.string(),
  tags: z.tuple([z.string()]),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.optional(z.array(parameter)),
  requestBody: z.optional(z.object({ content })),
  responses: z.record(z.string(), response),
});
export type Operation = z.infer<typeof operation>;

export const documentShape = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});
