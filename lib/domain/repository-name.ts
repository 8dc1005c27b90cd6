/** The path part of references and addresses: distribution/reference's grammar for it. */

/** Of the path alone, as distribution/reference 0.6 counts it; older versions counted the host, too. */
export const MAX_REPOSITORY_LENGTH = 255;

// Each alternative starts with another character, so there is nothing to backtrack over on hostile input.
const PART = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;

/** What is wrong with it, as one sentence about "the repository"; undefined when nothing is. */
export function repositoryFault(path: string): string | undefined {
  if (path.length > MAX_REPOSITORY_LENGTH) {
    return `the repository must have at most ${MAX_REPOSITORY_LENGTH} characters`;
  }
  if (/[A-Z]/.test(path)) return 'the repository must be lower case';
  if (path.split('/').every((part) => PART.test(part))) return undefined;
  return 'each part of the repository must be a-z and 0-9, joined by single ".", one or two "_", or "-"';
}

/** Equal, or below it at a `/`; everything lies within the empty path. */
export function liesWithin(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}
