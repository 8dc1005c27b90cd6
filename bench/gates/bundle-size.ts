/** How large the functions' bundles are, and whether something got into them that must not. A kilobyte is 1000 bytes. */
import { bundleFunctions, type BundledFunction } from '../../build/bundle.ts';
import { unwantedIn } from '../../build/unwanted-modules.ts';
import { compare } from '../support/comparison.ts';
import type { Finding, Limits } from '../support/finding.ts';
import type { Gate } from '../support/gate.ts';

export const bundleSize: Gate = {
  name: 'bundle-size',
  run: async ({ newDirectory }) => {
    const { functions } = await bundleFunctions(await newDirectory());
    const resolve = functions.find(({ name }) => name === 'resolve');
    if (resolve === undefined) throw new Error('there is no function resolve');
    const unwanted = functions.flatMap((bundle) => unwantedIn(bundle).map((what) => `${bundle.name}: ${what}`));
    return [
      figure({
        gate: 'resolve bundle, minified, KB',
        value: resolve.bytes / 1000,
        limits: { direction: 'at most', target: 235, failsAt: 300 },
        figures: largestParts(resolve),
      }),
      figure({
        gate: 'resolve bundle, gzip, KB',
        value: resolve.gzipBytes / 1000,
        limits: { direction: 'at most', target: 75, failsAt: 100 },
        figures: functions.map(({ name, bytes }) => `${name} ${(bytes / 1000).toFixed(0)}`).join(', '),
      }),
      figure({
        gate: 'bundles, libraries that must not be in them',
        value: unwanted.length,
        limits: { direction: 'at most', target: 0, failsAt: 0 },
        figures: unwanted.length === 0 ? 'none' : unwanted.join(', '),
      }),
    ];
  },
};

/** Counted and not compared with anything: one round, whose floor is 1. */
function figure(found: {
  readonly gate: string;
  readonly value: number;
  readonly limits: Limits;
  readonly figures: string;
}): Finding {
  const { gate, value, limits, figures } = found;
  return { gate, comparison: compare([value], [1]), limits, figures };
}

const SHOWN_PARTS = 4;

function largestParts({ modules }: BundledFunction): string {
  const parts = new Map<string, number>();
  for (const [path, bytes] of modules) {
    const part = /^(?:@[^/]+\/)?[^/]+/.exec(path.split('node_modules/').at(-1) ?? path)?.[0] ?? path;
    parts.set(part, (parts.get(part) ?? 0) + bytes);
  }
  const largest = [...parts].sort(([, one], [, other]) => other - one).slice(0, SHOWN_PARTS);
  return largest.map(([part, bytes]) => `${part} ${(bytes / 1000).toFixed(0)}`).join(', ');
}
