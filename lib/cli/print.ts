/** What commands write: tables and lines for people, JSON for scripts, a progress line while somebody waits. */
import Table from 'cli-table3';
import { plainText, printableJson } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

const GAP = 2;
const NARROWEST = 8;

const NO_BORDERS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: ' '.repeat(GAP) },
};

export function printJson(terminal: Terminal, document: unknown): void {
  terminal.stdout.write(`${printableJson(document)}\n`);
}

export function printLine(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${plainText(line)}\n`);
}

/** Beside the result: what a script that reads standard output must not get. */
export function remark(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${plainText(line)}\n`);
}

export function printTable(terminal: Terminal, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, ...rows].map((row) => row.map(plainText));
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: columnWidths(lines, terminal),
  });
  table.push(...lines);
  terminal.stdout.write(`${withoutTrailingSpace(table.toString())}\n`);
}

/** Name and value, one a line; values that are not there are left out. Never cut: this is the detailed view. */
export function printFields(terminal: Terminal, fields: readonly (readonly [string, string | undefined])[]): void {
  const given = fields.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as const],
  );
  const width = Math.max(...given.map(([name]) => name.length));
  for (const [name, value] of given) printLine(terminal, `${name.padEnd(width)}  ${value}`);
}

/** On a terminal the widest columns give way until the table fits; into a pipe nothing is cut, and an id never is. */
function columnWidths(lines: readonly (readonly string[])[], terminal: Terminal): number[] {
  const [head = []] = lines;
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  if (terminal.stdout.isTTY !== true) return widths;
  // A terminal that does not know its width says 0.
  const room = (terminal.stdout.columns || 80) - GAP * (widths.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = Math.max(...widths.filter((_, column) => head[column] !== 'ID'));
    if (widest <= NARROWEST) break;
    widths[widths.findIndex((width, column) => width === widest && head[column] !== 'ID')] = widest - 1;
    excess -= 1;
  }
  return widths;
}

function withoutTrailingSpace(text: string): string {
  return text.replaceAll(/ +$/gm, '');
}

/** Says on a terminal what is being waited for, and takes the line away again. */
export async function withProgress<Value>(
  terminal: Terminal,
  doing: string,
  work: () => Promise<Value>,
): Promise<Value> {
  if (terminal.stderr.isTTY !== true) return await work();
  terminal.stderr.write(`${plainText(doing)} …`);
  try {
    return await work();
  } finally {
    terminal.stderr.write('\r\u001b[K');
  }
}
