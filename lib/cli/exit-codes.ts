/** What the command's exit code tells a script. The one place where they are decided and described. */

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  notFound: 4,
  unavailable: 5,
  conflict: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Printed below the help of every command. */
export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  Pullpass did not do it: bad input, a token that is not valid, a login that failed; for status, verify and policy test: not all is well
  2  the command line itself is wrong
  3  refused: by policy, or the token's role or environments do not allow it
  4  not found; for resolve: no registry is for this image
  5  Pullpass cannot be reached, or has no answer right now
  6  somebody else changed it meanwhile, or it is being refreshed
  130  interrupted at a prompt`;

export function exitCodeOfStatus(status: number): ExitCode {
  if (status === 403) return EXIT.refused;
  if (status === 404) return EXIT.notFound;
  if (status === 409 || status === 412) return EXIT.conflict;
  if (status >= 500) return EXIT.unavailable;
  return EXIT.failed;
}
