/** Texts of an imported file in messages and in commands to type: short, quoted, and without what may be a login. */

const LONGEST = 100;

/** For a message. What stands before an "@" is left out: in an address it is a user name and a password. */
export function shown(text: string): string {
  const at = text.lastIndexOf('@');
  const harmless = at < 0 ? text : `…${text.slice(at)}`;
  return JSON.stringify(harmless.length > LONGEST ? `${harmless.slice(0, LONGEST)}…` : harmless);
}

/** For a key that is not what it should be, and so may be a secret that was typed in the wrong place: where it stands. */
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
