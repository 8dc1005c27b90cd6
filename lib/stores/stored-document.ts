/**
 * Documents as two texts, so that this version and its neighbours work on the same data. Both stores use it.
 *
 * From this version on readers are tolerant: a field that they do not know makes nothing unreadable, and whoever changes a
 * document keeps it. The version before is strict: it refuses a document with a field that it does not know. So `document`
 * holds what that version reads, and `later` the rest, which it never looks at.
 *
 * For the next field: it is optional, it is safe to ignore, and it means nothing else for a reader that does not know it. Add
 * it to the schema, and to nothing in earlier-shapes.ts.
 */
import * as z from 'zod/mini';

import { isJsonObject, jsonValue, UnreadableRow, type JsonObject } from './stored-json.ts';

/** Fields that a version knows: `true` for any value, a list for the only texts that it takes. */
export interface Shape {
  readonly [field: string]: true | readonly string[] | Shape;
}

export interface DocumentKind<Value> {
  readonly schema: z.ZodMiniType<Value>;
  /** What the version before this one reads. */
  readonly earlier: Shape;
}

export interface StoredTexts {
  readonly document: string;
  readonly later?: string | undefined;
}

/** Of later fields: counts up with every release that adds some. Nobody refuses a higher one for its number alone. */
const FORMAT = 2;

const laterText = z.object({ format: z.number(), fields: z.record(z.string(), z.unknown()) });
type Later = z.infer<typeof laterText>;

/** Throws `UnreadableRow`. */
export function readDocument<Value>({ schema }: DocumentKind<Value>, texts: StoredTexts): Value {
  const later = laterOf(texts);
  const checked = z.safeParse(schema, filled(jsonValue(texts.document), later.fields));
  if (!checked.success) throw new UnreadableRow(later.format > FORMAT ? 'newer_row' : 'corrupt_row');
  return checked.data;
}

/** `before`: what it replaces, whose unknown fields are kept. One that cannot be read has none worth keeping. */
export function writeDocument<Value extends object>(
  kind: DocumentKind<Value>,
  value: Value,
  before?: StoredTexts,
): StoredTexts {
  const next = fieldsOf(value);
  const kept = before === undefined ? undefined : fieldsToKeep(kind, before);
  const whole = kept === undefined ? next : withUnknown(next, kept.stored, kept.known);
  const { earlier, later: fields } = split(whole, kind.earlier);
  const document = JSON.stringify(earlier);
  if (Object.keys(fields).length === 0) return { document };
  const format = Math.max(FORMAT, kept?.format ?? 0);
  return { document, later: JSON.stringify({ format, fields } satisfies Later) };
}

function fieldsOf(value: object): JsonObject {
  return Object.fromEntries(Object.entries(value));
}

function laterOf({ later }: StoredTexts): Later {
  if (later === undefined) return { format: 1, fields: {} };
  const checked = z.safeParse(laterText, jsonValue(later));
  if (!checked.success) throw new UnreadableRow();
  return checked.data;
}

function fieldsToKeep<Value extends object>(
  kind: DocumentKind<Value>,
  before: StoredTexts,
): { readonly stored: JsonObject; readonly known: JsonObject; readonly format: number } | undefined {
  try {
    const known = fieldsOf(readDocument(kind, before));
    const { format, fields } = laterOf(before);
    const stored = filled(jsonValue(before.document), fields);
    return isJsonObject(stored) ? { stored, known, format } : undefined;
  } catch (error) {
    if (error instanceof UnreadableRow) return undefined;
    throw error;
  }
}

/** What the version before wrote wins: it may have changed it since. */
function filled(document: unknown, later: JsonObject): unknown {
  if (!isJsonObject(document)) return document;
  const whole: Record<string, unknown> = { ...document };
  for (const [field, value] of Object.entries(later)) {
    const present = whole[field];
    if (present === undefined) whole[field] = value;
    else if (isJsonObject(value)) whole[field] = filled(present, value);
  }
  return whole;
}

/** With what is stored and was not understood when it was read. An object that is gone takes its unknown fields along. */
function withUnknown(next: JsonObject, stored: JsonObject, known: JsonObject): JsonObject {
  const whole: Record<string, unknown> = { ...next };
  for (const [field, value] of Object.entries(stored)) {
    const understood = known[field];
    const written = whole[field];
    if (understood === undefined) whole[field] ??= value;
    else if (isJsonObject(value) && isJsonObject(understood) && isJsonObject(written)) {
      whole[field] = withUnknown(written, value, understood);
    }
  }
  return whole;
}

/** An object with a text in it that the version before does not take goes with the later fields as a whole. */
function split(value: JsonObject, shape: Shape): { readonly earlier: JsonObject; readonly later: JsonObject } {
  const earlier: Record<string, unknown> = {};
  const later: Record<string, unknown> = {};
  for (const [field, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const known = shape[field];
    if (known === undefined || !fits(part, known)) {
      later[field] = part;
    } else if (isJsonObject(part) && isShape(known)) {
      const parts = split(part, known);
      earlier[field] = parts.earlier;
      if (Object.keys(parts.later).length > 0) later[field] = parts.later;
    } else {
      earlier[field] = part;
    }
  }
  return { earlier, later };
}

function isShape(known: Shape[string]): known is Shape {
  return known !== true && !Array.isArray(known);
}

function fits(part: unknown, known: Shape[string]): boolean {
  if (known === true) return true;
  if (!isShape(known)) return typeof part !== 'string' || known.includes(part);
  if (!isJsonObject(part)) return true;
  return Object.entries(known).every(([field, texts]) => isShape(texts) || fits(part[field], texts));
}
