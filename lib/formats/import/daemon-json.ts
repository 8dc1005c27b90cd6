/** docker's `daemon.json`. It holds no logins and no policy: how a host reaches registries stays the host's, and is told. */
import { failure, success } from '../../domain/result.ts';
import { insecureFinding, mirrorFinding } from './host-findings.ts';
import { itemsOf, membersOf, parseJson } from './structured-text.ts';
import { NOTHING, type Finding, type ReadFile } from './wanted.ts';

const KEYS = ['insecure-registries', 'registry-mirrors'] as const;
/** A network, for which docker lets every address in it pass. */
const NETWORK = /^[0-9a-fA-F.:]+\/[0-9]{1,3}$/;

export function readDaemonJson(text: string, environments: readonly string[]): ReadFile {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const members = membersOf(parsed.value);
  if (members === undefined || !KEYS.some((key) => members.has(key))) {
    return failure({ what: 'it is not a daemon.json with "insecure-registries" or "registry-mirrors"' });
  }
  const listed = (key: (typeof KEYS)[number], read: (place: string, item: unknown) => Finding): readonly Finding[] => {
    const value = members.get(key) ?? [];
    const items = itemsOf(value);
    if (items === undefined) return [{ place: key, what: 'is not a list' }];
    return items.map((item, index) => read(`${key}[${index}]`, item));
  };
  const findings = [
    ...listed('insecure-registries', readInsecure),
    ...listed('registry-mirrors', (place, item) => mirrorFinding(place, item, environments)),
  ];
  return success({ ...NOTHING, findings });
}

function readInsecure(place: string, item: unknown): Finding {
  if (typeof item !== 'string' || !NETWORK.test(item)) return insecureFinding(place, item);
  return {
    place,
    what: `has a network, ${JSON.stringify(item)}, reached without verified TLS; here that is said of each registry`,
    advice: 'pullpass registry add or edit HOST with --skip-verify or --plain-http; better: --ca FILE',
  };
}
