/** How a policy is shown: what holds, and where it only follows the organisation. */
import type { ExceptionAnswer, PolicyAnswer } from '../answers.ts';
import { printFields, printLine } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import { fullTime, relativeWords } from '../time-words.ts';

export function printPolicy(terminal: Terminal, policy: PolicyAnswer, env: string | undefined): void {
  const whose = env === undefined ? 'the organisation' : `the environment ${env}`;
  const inherited = env === undefined ? undefined : 'as the organisation';
  printLine(terminal, policy.revision === 0 ? `nobody has set a policy for ${whose}` : `policy of ${whose}`);
  printFields(terminal, [
    ['whitelist', policy.whitelist?.join(', ') ?? 'none: no restriction'],
    ['deny', policy.deny.join(', ') || 'nothing'],
    ['always allowed', policy.alwaysAllow.join(', ') || 'nothing'],
    ...exceptionFields(policy.exceptions, terminal.now()),
    ['default registry', policy.defaultRegistry ?? inherited ?? 'docker.io'],
    ['mode', policy.mode ?? inherited ?? 'enforce'],
    ['changed', fullTime(policy.updatedAt, terminal.now())],
    ['revision', String(policy.revision)],
  ]);
}

/** One a line, each with its reason: it is what says whether it is still needed. */
function exceptionFields(exceptions: readonly ExceptionAnswer[], now: number): readonly (readonly [string, string])[] {
  if (exceptions.length === 0) return [['exceptions', 'none']];
  return exceptions.map(({ entry, reason, until, ended }, index) => [
    index === 0 ? 'exceptions' : '',
    `${entry} ${ended ? 'ended' : 'until'} ${until} (${relativeWords(until, now)}): ${reason}`,
  ]);
}
