/** The findings for people and for machines. */
import { arch, availableParallelism, platform } from 'node:os';
import process from 'node:process';
import Table from 'cli-table3';
import { verdictOn, type Finding, type Limits, type Skipped } from './finding.ts';

const HEAD = ['gate', 'measured', 'rounds', 'target', 'fails', 'verdict', 'for information'];

/** Lines would take the width that the words need. */
const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid']
    .concat(['mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((place) => [place, place === 'middle' ? '  ' : '']),
);

export function asTable(findings: readonly (Finding | Skipped)[]): string {
  const table = new Table({ head: HEAD, chars: NO_LINES, style: { head: [], border: [], 'padding-left': 0 } });
  for (const found of findings) table.push(rowOf(found));
  return [table.toString(), summary(findings), ''].join('\n');
}

function rowOf(found: Finding | Skipped): string[] {
  if ('skipped' in found) return [found.gate, '-', '-', '-', '-', 'SKIPPED', found.skipped];
  const { gate, comparison, limits, figures } = found;
  return [
    gate,
    ratioText(comparison.ratio),
    `${ratioText(comparison.lowest)}-${ratioText(comparison.highest)}`,
    `${limits.direction === 'at most' ? '<=' : '>='} ${limits.target}`,
    `${limits.direction === 'at most' ? '>' : '<'} ${limits.failsAt}`,
    verdictOn(comparison.ratio, limits),
    figures,
  ];
}

function summary(findings: readonly (Finding | Skipped)[]): string {
  const measured = findings.filter((found) => 'limits' in found);
  const missed = measured.filter(({ comparison, limits }) => verdictOn(comparison.ratio, limits) !== 'ok');
  const skipped = findings.length - measured.length;
  return [
    `${measured.length - missed.length} of ${measured.length} gates reach their target`,
    ...(skipped > 0 ? [`${skipped} could not be measured here`] : []),
    ...(missed.length > 0 ? ['a busy machine misses some: run those again by name before believing it'] : []),
  ].join('; ');
}

function ratioText(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(1);
}

interface MachineReadable {
  readonly gate: string;
  readonly skipped?: string;
  readonly verdict?: string;
  readonly limits?: Limits;
}

export function asJson(findings: readonly (Finding | Skipped)[], quick: boolean): string {
  const gates: readonly MachineReadable[] = findings.map((found) =>
    'skipped' in found ? found : { ...found, verdict: verdictOn(found.comparison.ratio, found.limits) },
  );
  const machine = { node: process.version, platform: platform(), arch: arch(), cores: availableParallelism() };
  return `${JSON.stringify({ quick, machine, gates }, null, 2)}\n`;
}
