/** Failures that several flows share. Each flow's own union names the ones that it can return. */

/**
 * Input that breaks a rule. `field` is a path into the caller's document (`source.username`, `whitelist[2]`), `rule` one
 * sentence that says what is wrong and what would be right. Neither ever holds the value of a secret field.
 */
export interface InvalidInput {
  readonly kind: 'invalid_input';
  readonly field: string;
  readonly rule: string;
}

export function invalidInput(field: string, rule: string): InvalidInput {
  return { kind: 'invalid_input', field, rule };
}

/** There is no such thing. `resource` is the word the user knows it by. */
export interface NotFound {
  readonly kind: 'not_found';
  readonly resource: 'registry' | 'agent' | 'policy';
}

/** Somebody else changed it first (or the caller's `If-Match` is old): read it again, then decide. */
export interface RevisionConflict {
  readonly kind: 'revision_conflict';
  readonly currentRevision: number | undefined;
}
