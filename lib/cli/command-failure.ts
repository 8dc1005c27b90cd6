/**
 * Ends a command. The command line throws it on purpose, as its library does with its own: there is one reader, run.ts,
 * which prints `what` and `advice` and exits. Never made from a body, a stack or a secret.
 */
import { EXIT, type ExitCode } from './exit-codes.ts';

export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  /** What to do about it: one line. */
  readonly advice: string | undefined;
  /** The problem document's code, where Pullpass answered with one. */
  readonly code: string | undefined;

  constructor(failure: {
    readonly exitCode: ExitCode;
    readonly what: string;
    readonly advice?: string | undefined;
    readonly code?: string | undefined;
  }) {
    super(failure.what);
    this.name = 'CommandFailure';
    this.exitCode = failure.exitCode;
    this.advice = failure.advice;
    this.code = failure.code;
  }
}

export function usageFailure(what: string, advice?: string): CommandFailure {
  return new CommandFailure({ exitCode: EXIT.usage, what, advice });
}
