/** `pullpass resolve` and `pullpass explain`: what a host would get for an image, and why. */
import type { Command } from 'commander';
import { explanationAnswer, resolutionAnswer, type ExplanationAnswer } from '../answers.ts';
import { expectAnswer, pathOf } from '../api-client.ts';
import type { ContextOf } from '../command-context.ts';
import { printFields, printJson } from '../print.ts';
import { fullTime } from '../time-words.ts';

interface PullFlags {
  readonly env: string;
}

const ENV = ['--env <name>', 'the environment that pulls'] as const;

export function addPullCommands(program: Command, contextOf: ContextOf): void {
  addResolve(program, contextOf);
  program
    .command('explain')
    .description('what resolve would answer for an image, and why; no secret')
    .argument('<image>', 'as a client would pull it')
    .requiredOption(...ENV)
    .action(async (image: string, { env }: PullFlags, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const path = pathOf('v1', 'environments', env, 'explain');
      const document = await api({ method: 'POST', path, body: { image } });
      const explanation = expectAnswer(explanationAnswer, document);
      if (json) {
        printJson(terminal, document);
        return;
      }
      const { reference, decision, outcome, why, registry, credentialState, overridden } = explanation;
      printFields(terminal, [
        ['image', reference.canonical],
        ['outcome', outcome],
        ['why', why],
        ['policy', decisionWords(decision)],
        ['exception', exceptionReason(explanation)],
        ['registry', registry === null ? 'none' : `${registry.address} (${registry.id})`],
        ['credential', credentialState ?? undefined],
        ['overridden', overridden?.map(({ address, id }) => `${address} (${id})`).join(', ')],
      ]);
    });
}

function addResolve(program: Command, contextOf: ContextOf): void {
  program
    .command('resolve')
    .description("the credential that pulls an image, with an agent's token; --json prints it with the password")
    .argument('<image>', 'as a client would pull it')
    .requiredOption(...ENV)
    .option('--show-secret', 'print the password, too')
    .action(async (image: string, flags: PullFlags & { readonly showSecret?: true }, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const path = pathOf('v1', 'environments', flags.env, 'resolve');
      const document = await api({ method: 'POST', path, body: { image } });
      const { reference, decision, credential } = expectAnswer(resolutionAnswer, document);
      if (json) {
        printJson(terminal, document);
        return;
      }
      const now = terminal.now();
      printFields(terminal, [
        ['image', reference.canonical],
        ['policy', decisionWords(decision)],
        ['server', credential.serverAddress],
        ['user name', credential.username],
        ['password', flags.showSecret === true ? credential.password : 'not shown; --show-secret shows it'],
        ['runs out', fullTime(credential.expiresAt, now) ?? 'never'],
        ['ask again', fullTime(credential.refreshAfter, now)],
        ['version', credential.version],
        ['registry', credential.registryId],
      ]);
    });
}

/** Why there is the exception that decided: its rule names it, and the rules that were looked at hold the reason. */
function exceptionReason({ decision, rules }: ExplanationAnswer): string | undefined {
  const [, whose, entry] = /^(organisation|environment) exception until \S+: (\S+)$/.exec(decision.rule) ?? [];
  if (whose !== 'organisation' && whose !== 'environment') return undefined;
  return rules?.[whose]?.exceptions?.find((exception) => exception.entry === entry)?.reason;
}

function decisionWords(decision: {
  readonly allowed: boolean;
  readonly rule: string;
  readonly mode: string;
  readonly wouldRefuse?: boolean | undefined;
}): string {
  const would = decision.allowed && decision.wouldRefuse === true ? '; enforce would refuse it' : '';
  return `${decision.allowed ? 'allowed' : 'refused'} (${decision.rule}; mode ${decision.mode}${would})`;
}
