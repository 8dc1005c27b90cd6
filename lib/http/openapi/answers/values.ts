/** Values that answers have in common, with what a reader wants to know of them. Descriptions of one place are in its file. */
import * as z from 'zod/mini';

/** As `Date` writes it; a year beyond 9999 has a sign and six digits, and no agent's end may lie that far away. */
const UTC_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Each call makes one of its own: a description belongs to the schema that it was given. */
export function time(description: string): z.ZodMiniString {
  return z.string().check(z.regex(UTC_TIME), z.meta({ description, format: 'date-time' }));
}

export function text(description: string): z.ZodMiniString {
  return z.string().check(z.meta({ description }));
}

export function registryId(): z.ZodMiniString {
  return z
    .string()
    .check(z.regex(/^[0-9a-z]{26}$/), z.meta({ description: 'A registry; ids are in the order they were added' }));
}

export function agentId(): z.ZodMiniString {
  return z.string().check(z.regex(/^[0-9a-f]{16}$/), z.meta({ description: 'An agent' }));
}

export function credentialVersion(): z.ZodMiniString {
  return text('Of a credential; opaque, a new one for each that is issued');
}

export function environment(): z.ZodMiniString {
  return z.string().check(z.regex(/^[a-z0-9-]{1,63}$/), z.meta({ description: 'An environment' }));
}

/** A page of a list, and where the next one starts. */
export function page<Item extends z.core.$ZodType>(
  item: Item,
): z.ZodMiniObject<{ items: z.ZodMiniArray<Item>; cursor: z.ZodMiniOptional<z.ZodMiniString> }, z.core.$strict> {
  return z.strictObject({
    items: z.array(item),
    cursor: z.optional(text('What to ask for the next page with; absent on the last one')),
  });
}
