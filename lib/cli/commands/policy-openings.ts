/** How a decision is told, and which command would open what a rule refuses. */
import type { VerdictAnswer } from '../answers.ts';
import { isHostOnly } from '../decisions-seen.ts';
import { remark } from '../print.ts';
import type { Terminal } from '../terminal.ts';

export interface RefusedImage {
  /** Canonical, or a host. */
  readonly image: string;
  readonly rule: string;
}

/** More would not be read. */
const MOST_LINES = 10;

export function decisionWords({ allowed, wouldRefuse }: Pick<VerdictAnswer, 'allowed' | 'wouldRefuse'>): string {
  if (!allowed) return 'refused';
  return wouldRefuse ? 'let through' : 'allowed';
}

/** The canonical reference's registry and repository, as an entry. */
function entryFor(image: string): string {
  if (isHostOnly(image)) return image;
  const named = image.split('@', 1).join('');
  const colon = named.indexOf(':', named.indexOf('/'));
  return colon < 0 ? named : named.slice(0, colon);
}

/** Undefined for what no policy opens, such as a text that is no reference. */
function openingFor({ image, rule }: RefusedImage, env: string | undefined): string | undefined {
  const entry = entryFor(image);
  const [, missing] = /^not in the (organisation|environment) whitelist$/.exec(rule) ?? [];
  const [, denying] = /^(organisation|environment) deny: /.exec(rule) ?? [];
  const scope = (missing ?? denying) === 'environment' && env !== undefined ? ` --env ${env}` : '';
  if (missing !== undefined) return `pullpass policy allow ${entry}${scope}`;
  if (denying !== undefined) return `pullpass policy exception add ${entry}${scope} --reason WHY --until 30d`;
  return undefined;
}

export function remarkOpenings(terminal: Terminal, refused: readonly RefusedImage[], env: string | undefined): void {
  const lines = [...new Set(refused.flatMap((each) => openingFor(each, env) ?? []))];
  if (lines.length === 0) return;
  remark(terminal, 'what would open it, if it is to be open:');
  for (const line of lines.slice(0, MOST_LINES)) remark(terminal, `  ${line}`);
  if (lines.length > MOST_LINES) remark(terminal, `  … and ${lines.length - MOST_LINES} more`);
}
