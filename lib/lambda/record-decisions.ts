/**
 * Copies decisions from the log of the resolving function into the catalogue, where they are listed. That function may write
 * nothing: its log is the record, and this is its index. CloudWatch sends batches of log events, some of them twice, so a
 * decision is stored under its log event's id.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod/mini';
import type { DecisionEntry } from '../domain/audit.ts';
import { POLICY_MODES } from '../domain/policy.ts';
import type { Report } from '../service/events.ts';

/** The name of the log line. */
export const DECISION_EVENT = 'decision';

export interface LoggedDecision {
  /** The log event's. */
  readonly eventId: string;
  readonly entry: DecisionEntry;
}

export interface RecordDecisionsDeps {
  /** What comes with the same id again is stored once. */
  readonly store: (decisions: readonly LoggedDecision[]) => Promise<void>;
  readonly report: Report;
}

const eventSchema = z.object({ awslogs: z.object({ data: z.string() }) });

const batchSchema = z.object({
  messageType: z.string(),
  logEvents: z.array(z.object({ id: z.string().check(z.minLength(1)), message: z.string() })),
});

const shortText = z.string().check(z.maxLength(4_096));

const decisionSchema = z.object({
  event: z.literal(DECISION_EVENT),
  type: z.literal('decision'),
  at: z.number(),
  environment: shortText,
  agentId: shortText,
  principal: z.optional(shortText),
  image: shortText,
  outcome: z.enum(['released', 'denied', 'no_credential', 'registry_inactive', 'ambiguous', 'unavailable']),
  rule: shortText,
  mode: z.enum(POLICY_MODES),
  wouldRefuse: z.boolean(),
  registryId: z.optional(shortText),
  version: z.optional(shortText),
});

const BATCH_LIMIT_BYTES = 64 * 1024 * 1024;

/** Throws when not all could be stored: the batch then comes again. */
export async function recordDecisions(event: unknown, deps: RecordDecisionsDeps): Promise<void> {
  const batch = await readBatch(event);
  if (batch.messageType !== 'DATA_MESSAGE') {
    deps.report({ level: 'info', code: 'decisions.control_message' });
    return;
  }
  const decisions = batch.logEvents.flatMap(({ id, message }) => {
    const entry = readDecision(message);
    return entry === undefined ? [] : [{ eventId: id, entry }];
  });
  await deps.store(decisions);
  const skipped = batch.logEvents.length - decisions.length;
  const level = skipped === 0 ? 'info' : 'warn';
  deps.report({ level, code: 'decisions.recorded', fields: { recorded: decisions.length, skipped } });
}

async function readBatch(event: unknown): Promise<z.infer<typeof batchSchema>> {
  const { data } = z.parse(eventSchema, event).awslogs;
  const unpacked = await promisify(gunzip)(Buffer.from(data, 'base64'), { maxOutputLength: BATCH_LIMIT_BYTES });
  return z.parse(batchSchema, JSON.parse(unpacked.toString('utf8')));
}

/** Undefined for a line that is no decision. */
function readDecision(message: string): DecisionEntry | undefined {
  let line: unknown;
  try {
    line = JSON.parse(message);
  } catch {
    return undefined;
  }
  const parsed = z.safeParse(decisionSchema, line);
  if (!parsed.success) return undefined;
  const { event: _name, principal, registryId, version, ...entry } = parsed.data;
  return {
    ...entry,
    ...(principal === undefined ? {} : { principal }),
    ...(registryId === undefined ? {} : { registryId }),
    ...(version === undefined ? {} : { version }),
  };
}
