/**
 * What we must answer where distribution/reference answers this: the same, but for the differences that are listed here
 * by name. Written on its own, without the product's code, so that a mistake there is not repeated here.
 */
import type { OracleAnswer } from './oracle.ts';

export interface Expectation {
  /** Undefined: must be refused. */
  readonly reference:
    | { readonly registry: string; readonly repository: string; readonly tag: string; readonly digest: string }
    | undefined;
  /** Which of the known differences made it another answer than the oracle's. */
  readonly differences: readonly string[];
}

const MAX_LENGTH = 1024;
const MAX_REPOSITORY_LENGTH = 255;
const HUB_NAMES = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

export function expectedOf(text: string, answer: OracleAnswer): Expectation {
  if (!answer.ok) return { reference: undefined, differences: [] };
  if (text.length > MAX_LENGTH) return { reference: undefined, differences: [`longer than ${MAX_LENGTH} characters`] };
  if (answer.domain === '') return { reference: undefined, differences: ['an empty host is refused'] };

  const differences: string[] = [];
  const registry = canonical(answer.domain);
  if (registry !== answer.domain) differences.push(describe(answer.domain));
  let repository = answer.path;
  if (registry === 'docker.io' && !repository.includes('/')) {
    repository = `library/${repository}`;
    differences.push('library/ is added behind every name of Docker Hub');
  }
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    return { reference: undefined, differences: [...differences, 'too long with library/ added'] };
  }
  return { reference: { registry, repository, tag: answer.tag, digest: answer.digest }, differences };
}

function canonical(domain: string): string {
  const lower = domain.toLowerCase();
  const colon = lower.lastIndexOf(':');
  const hasPort = colon > lower.lastIndexOf(']');
  const name = shortestIpv6(hasPort ? lower.slice(0, colon) : lower);
  const port = hasPort ? BigInt(lower.slice(colon + 1)).toString() : '443';
  if (port !== '443') return `${name}:${port}`;
  if (HUB_NAMES.includes(name)) return 'docker.io';
  return name;
}

/** As a URL spells the address; what is none stays as it is. */
function shortestIpv6(name: string): string {
  return name.startsWith('[') ? (URL.parse(`http://${name}/`)?.hostname ?? name) : name;
}

function describe(domain: string): string {
  if (
    domain.startsWith('[') &&
    shortestIpv6(domain.toLowerCase().replace(/:[0-9]+$/, '')) !== domain.toLowerCase().replace(/:[0-9]+$/, '')
  )
    return 'an IPv6 address is spelled in its shortest form';
  if (HUB_NAMES.some((name) => domain.toLowerCase().startsWith(name)))
    return 'a name of Docker Hub, or a host that starts like one, is made canonical';
  if (/:0[0-9]/.test(domain)) return 'leading zeros of the port are dropped';
  if (/:443$/.test(domain)) return ':443 is dropped';
  return 'the host is lower case';
}
