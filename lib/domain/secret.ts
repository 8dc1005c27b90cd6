/**
 * A value that must not be shown. Its string, JSON and inspect forms are all `[redacted]`, so that a log line, an error
 * or a template literal that catches one by accident shows nothing. `reveal` is the only way to the text and is called
 * where the text has to leave: vault, sources, formats, the login check.
 */

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const REDACTED = '[redacted]';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself. Every call is an edge where it leaves the program: keep them few. */
  reveal(): string {
    return this.#text;
  }

  get isEmpty(): boolean {
    return this.#text === '';
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [INSPECT](): string {
    return REDACTED;
  }
}
