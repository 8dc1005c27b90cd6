/** A policy of an export: each list through the domain's parsers, so that it compares equal with what is kept. */
import * as z from 'zod/mini';
import { parseDocument } from '../../domain/parse-document.ts';
import type { PolicyList } from '../../domain/policy-entry.ts';
import { parseExceptions } from '../../domain/policy-exception.ts';
import { POLICY_MODES } from '../../domain/policy.ts';
import { defaultPart, listed, readDefaultRegistry, readEntries } from './policy-lists.ts';
import { faultOfAddress } from './shown.ts';
import { membersOf } from './structured-text.ts';
import type { Finding, PolicyListName, WantedException, WantedPolicy } from './wanted.ts';

const list = z.nullish(z.array(z.unknown()));

const policySchema = z.strictObject({
  whitelist: list,
  deny: list,
  alwaysAllow: list,
  exceptions: list,
  defaultRegistry: z.nullish(z.string()),
  mode: z.nullish(z.enum(POLICY_MODES)),
});
type Policy = z.infer<typeof policySchema>;

interface Context {
  readonly place: string;
  readonly environment: string | undefined;
  readonly tell: (finding: Finding) => void;
}

/** A field that the file leaves out is left as it is. */
export function readExportedPolicy(document: unknown, context: Context): WantedPolicy | undefined {
  const { place, environment, tell } = context;
  const parsed = parseDocument(policySchema, document, place);
  if (!parsed.ok) {
    tell({ place: parsed.failure.field, what: parsed.failure.rule });
    return undefined;
  }
  const { mode } = parsed.value;
  return {
    ...{ place, environment, says: 'everything' },
    ...listsOf(parsed.value, context),
    ...defaultOf(parsed.value, context),
    ...(mode === undefined ? {} : { mode }),
  };
}

type Lists = Pick<WantedPolicy, PolicyListName | 'partly'>;

/** Null is no restriction for a whitelist; any other list is left out by it, as by saying nothing. */
function listsOf({ whitelist, deny, alwaysAllow, exceptions }: Policy, { place, tell }: Context): Lists {
  const partly = new Set<PolicyListName>();
  const tellOf =
    (list: PolicyListName): Context['tell'] =>
    (finding) => {
      partly.add(list);
      tell(finding);
    };
  const entriesOf = (list: PolicyList, texts: readonly unknown[]): readonly string[] =>
    readEntries(listed(`${place}.${list}`, texts), list, tellOf(list));
  const allowed = whitelist && entriesOf('whitelist', whitelist);
  const lists = {
    // A whitelist of which nothing can be read is neither "no restriction" nor "nothing is allowed": what is there stays.
    ...(allowed === undefined || allowed?.length === 0 ? {} : { whitelist: allowed }),
    ...(deny ? { deny: entriesOf('deny', deny) } : {}),
    ...(alwaysAllow ? { alwaysAllow: entriesOf('alwaysAllow', alwaysAllow) } : {}),
    ...(exceptions ? { exceptions: readExceptions(exceptions, `${place}.exceptions`, tellOf('exceptions')) } : {}),
  };
  return { ...lists, partly: [...partly] };
}

function readExceptions(items: readonly unknown[], place: string, tell: Context['tell']): readonly WantedException[] {
  const exceptions = new Map<string, WantedException>();
  for (const [index, item] of items.entries()) {
    const parsed = parseExceptions([item]);
    const [exception] = parsed.ok ? parsed.value : [];
    if (parsed.ok && exception !== undefined) exceptions.set(exception.entry, exception);
    else if (!parsed.ok)
      tell({
        place: `${place}[${index}]`,
        what: `${parsed.failure.field.replace('exceptions[0].', '')} ${faultOfAddress(entryOf(item), parsed.failure.rule)}`,
      });
  }
  return [...exceptions.values()];
}

function entryOf(item: unknown): string {
  const entry = membersOf(item)?.get('entry');
  return typeof entry === 'string' ? entry : '';
}

function defaultOf(
  { defaultRegistry }: Policy,
  { place, tell }: Context,
): Pick<WantedPolicy, 'defaultRegistry' | 'otherDefault'> {
  if (defaultRegistry === undefined) return {};
  if (defaultRegistry === null) return { defaultRegistry: null, otherDefault: 'set' };
  return defaultPart(readDefaultRegistry({ place: `${place}.defaultRegistry`, text: defaultRegistry }, tell), 'set');
}
