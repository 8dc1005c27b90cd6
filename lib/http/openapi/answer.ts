/** What a route's answers look like, for the OpenAPI document only: nothing that answers a request reads this. */
import type * as z from 'zod/mini';

export interface Answer {
  /** Absent where there is no body. */
  readonly schema?: z.core.$ZodType;
  /** `application/json`, if nothing is said. */
  readonly contentType?: string;
  /** What the schema takes; shown to readers. */
  readonly example?: unknown;
  /** Headers beside those that every answer has, by lower-case name, with one sentence each. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The same in another format, where the caller asks for it. */
  readonly otherFormat?: Required<Pick<Answer, 'schema' | 'contentType' | 'example'>>;
}

/** By route (`GET /v1/policy`, without its /iam twin), then by status: every answer that its description names. */
export type Answers = Readonly<Record<string, Readonly<Record<number, Answer>>>>;
