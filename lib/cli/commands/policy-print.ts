/** How a policy is shown: what holds, and where it only follows the organisation. */
import type { PolicyAnswer } from '../answers.ts';
import { printFields, printLine } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import { fullTime } from '../time-words.ts';

export function printPolicy(terminal: Terminal, policy: PolicyAnswer, env: string | undefined): void {
  const whose = env === undefined ? 'the organisation' : `the environment ${env}`;
  const inherited = env === undefined ? undefined : 'as the organisation';
  printLine(terminal, policy.revision === 0 ? `nobody has set a policy for ${whose}` : `policy of ${whose}`);
  printFields(terminal, [
    ['whitelist', policy.whitelist?.join(', ') ?? 'none: no restriction'],
    ['deny', policy.deny.join(', ') || 'nothing'],
    ['default registry', policy.defaultRegistry ?? inherited ?? 'docker.io'],
    ['mode', policy.mode ?? inherited ?? 'enforce'],
    ['changed', fullTime(policy.updatedAt, terminal.now())],
    ['revision', String(policy.revision)],
  ]);
}
