/** How a plan and what came of it are shown: for people a line a change, for scripts one document. No secret in either. */
import { createHash } from 'node:crypto';
import { sourceFields } from '../../formats/import/source-fields.ts';
import type { Finding } from '../../formats/import/wanted.ts';
import { printLine, remark } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import type { StepResult } from './apply.ts';
import type { AddRegistry, FieldChange, Plan, SecretState, Step } from './plan-steps.ts';

export function printPlan(plan: Plan, terminal: Terminal): void {
  for (const step of plan.steps) printStep(step, terminal);
  for (const finding of plan.leftOut) printFinding(finding, terminal);
  for (const text of plan.remarks) printLine(terminal, text);
  const added = plan.steps.filter(({ action }) => action === 'add').length;
  const parts = [
    ...[`${added} to add`, `${plan.steps.length - added} to change`, `${plan.unchanged.length} so already`],
    `${plan.leftOut.length} not taken over`,
  ];
  printLine(terminal, plan.steps.length === 0 ? `nothing to do: ${parts.slice(2).join(', ')}` : parts.join(', '));
}

function printStep(step: Step, terminal: Terminal): void {
  const sign = step.action === 'add' ? '+' : '~';
  const details = step.action === 'add' && step.subject === 'registry' ? `: ${additionWords(step)}` : '';
  printLine(terminal, `${sign} ${stepTitle(step)}${details}`);
  if (step.action === 'change') for (const change of step.changes) printLine(terminal, `    ${changeWords(change)}`);
  if (step.subject === 'registry' && step.secret !== 'none') printLine(terminal, `    ${secretWords(step.secret)}`);
  for (const note of step.notes) printLine(terminal, `    note: ${note}`);
}

export function stepTitle(step: Step): string {
  switch (step.subject) {
    case 'registry':
      return `registry ${step.name} ${step.action === 'add' ? `for ${step.wanted.environments.join(', ')}` : `(${step.id})`}`;
    case 'policy':
      return `policy of ${step.name}`;
    case 'agent':
      return `agent ${step.name}, bound to ${valueWords(step.body['principal'])}`;
  }
}

/** Of the source, what somebody chose or can recognise it by: the rest follows from these. */
function additionWords({ wanted }: AddRegistry): string {
  const { source, settings, state } = wanted;
  const fields = sourceFields(source.kind);
  const names = new Set([...(fields?.settable ?? []), ...(fields?.login ?? [])]);
  const shown = [...names].flatMap((name) => {
    const value = source.settings[name];
    return value === undefined ? [] : [`${name} ${valueWords(value)}`];
  });
  const tls = valueWords(settings.tls);
  return [
    source.kind,
    ...shown,
    ...(tls === 'none' ? [] : [`tls ${tls}`]),
    ...(state === 'inactive' ? [state] : []),
  ].join(', ');
}

function secretWords(secret: SecretState): string {
  return secret === 'given' ? 'its secret: given' : 'its secret: missing; until it is given, this is left';
}

function printFinding({ place, what, advice }: Finding, terminal: Terminal): void {
  printLine(terminal, `! ${place}: ${what}`);
  if (advice !== undefined) printLine(terminal, `    ${advice}`);
}

/** Of lists, what comes and what goes, which is what one looks for in a long one. */
function changeWords({ field, from, to }: FieldChange): string {
  const [before, after] = [textsOf(from), textsOf(to)];
  if (before === undefined || after === undefined) return `${field}: ${valueWords(from)} -> ${valueWords(to)}`;
  const gone = before.filter((text) => !after.includes(text)).map((text) => `-${text}`);
  const come = after.filter((text) => !before.includes(text)).map((text) => `+${text}`);
  const kept = before.length - gone.length;
  return `${field}: ${[...gone, ...come].join(', ') || 'another order'}${kept === 0 ? '' : ` (${kept} stay)`}`;
}

function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map((item: unknown) => itemWords(item)) : undefined;
}

/** A list's item is an entry, or an exception. */
function itemWords(item: unknown): string {
  if (typeof item === 'string') return item;
  if (typeof item !== 'object' || item === null || !('entry' in item)) return valueWords(item);
  const { entry, until, reason } = { until: '', reason: '', ...item };
  return `${String(entry)} until ${until} (${reason})`;
}

function valueWords(value: unknown): string {
  const shown = withoutPem(value);
  if (shown === null || shown === undefined) return 'none';
  if (typeof shown === 'string') return shown;
  const texts = textsOf(shown);
  if (texts !== undefined) return texts.length === 0 ? 'none' : texts.join(', ');
  const text = JSON.stringify(shown);
  return text === '{}' ? 'none' : text;
}

/** Nobody compares certificates by eye. */
function withoutPem(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('ca' in value) || typeof value.ca !== 'string') return value;
  return `own authority, sha256 of the file ${createHash('sha256').update(value.ca).digest('hex').slice(0, 16)}`;
}

/** In full: a script compares for itself. */
export function planDocument(plan: Plan): Readonly<Record<string, unknown>> {
  return {
    steps: plan.steps.map(stepDocument),
    unchanged: plan.unchanged,
    leftOut: plan.leftOut,
    remarks: plan.remarks,
  };
}

function stepDocument(step: Step): Readonly<Record<string, unknown>> {
  const { action, subject, name, notes } = step;
  return {
    ...{ action, subject, name },
    ...(step.action === 'change' ? { changes: step.changes, revision: step.revision } : {}),
    ...(step.subject === 'registry' ? registryPart(step) : {}),
    ...(step.subject === 'agent' ? { agent: step.body } : {}),
    ...(step.subject === 'policy' ? { environment: step.environment ?? null } : {}),
    notes,
  };
}

function registryPart(step: Extract<Step, { readonly subject: 'registry' }>): Readonly<Record<string, unknown>> {
  if (step.action === 'change') return { id: step.id, secret: step.secret };
  const { environments, state, source, settings, place } = step.wanted;
  const { kind } = source;
  return {
    secret: step.secret,
    place,
    registry: { environments, state, source: { kind, ...source.settings }, ...settings },
  };
}

export function printResult({ step, outcome, id, what, advice, notes }: StepResult, terminal: Terminal): void {
  const title = stepTitle(step);
  if (outcome === 'done') {
    const done = step.action === 'add' ? `added ${title}${id === undefined ? '' : ` (${id})`}` : `changed ${title}`;
    printLine(terminal, done);
  } else {
    remark(terminal, `${outcome === 'failed' ? 'failed' : 'left'}: ${title}: ${what ?? ''}`);
    if (advice !== undefined) remark(terminal, `  ${advice}`);
  }
  for (const note of notes) remark(terminal, `  ${note}`);
}

export function resultDocument({
  step,
  outcome,
  id,
  what,
  advice,
  code,
  notes,
}: StepResult): Readonly<Record<string, unknown>> {
  const { action, subject, name } = step;
  return { action, subject, name, outcome, ...{ id, what, advice, code }, notes };
}
