/**
 * Texts of an imported file in messages and in commands to type. A text is shown only where it has the form of what its place
 * is for. Anything else may be a secret: a file can be read as another format than it is in.
 */
import { parsePolicyEntry } from '../../domain/policy-entry.ts';

/** A registry's address or a `*.host`, quoted; undefined for any other text. */
export function shownAddress(text: unknown): string | undefined {
  return typeof text === 'string' && parsePolicyEntry(text).ok ? JSON.stringify(text) : undefined;
}

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

/** A name as Kubernetes objects have them, quoted; undefined for any other text. */
export function shownName(text: unknown): string | undefined {
  return typeof text === 'string' && NAME.test(text) ? JSON.stringify(text) : undefined;
}

const LONGEST_PATH = 200;
const PATH = /^[A-Za-z0-9_./@:+ -]+$/;

/** A file's name; undefined for what is none that one would look for. */
export function shownPath(text: unknown): string | undefined {
  return typeof text === 'string' && text.length <= LONGEST_PATH && PATH.test(text) ? JSON.stringify(text) : undefined;
}

/** For a key that is not what it should be, and so may be a secret that was typed in the wrong place: its number. */
export function nthEntry(index: number, list: string): string {
  const number = index + 1;
  const tens = number % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `the ${number}${ending} entry of ${list}`;
}

/** What is wrong with a text that is no address, without the text, which some rules spell out as it could be meant. */
export function faultOfAddress(text: string, rule: string): string {
  const [name = ''] = text.toLowerCase().split(/[:/]/, 1);
  const quotes = name !== '' && rule.toLowerCase().includes(name);
  return quotes ? 'must be host[:port][/path], its host with a "." or a port' : rule;
}

const PLAIN_WORD = /^[A-Za-z0-9_./:=,%+-]+$/;

/** One word of a POSIX shell's command line, whatever is in it: the file's author may not be who types the command. */
export function shellWord(text: string): string {
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** For commands that are shown: the flags of these environments, or the placeholder that says they are needed. */
export function environmentFlags(environments: readonly string[]): string {
  return environments.length === 0 ? '--env NAME' : `--env ${shellWord(environments.join(','))}`;
}
