/**
 * containers/image's `registries.conf`, version 2 and 1. What says which registries may be used becomes policy; how a host
 * reaches them (mirrors, rewriting, TLS) stays the host's, and is told with what does it here.
 */
import { success } from '../../domain/result.ts';
import {
  defaultPart,
  forEachScope,
  listed,
  readDefaultRegistry,
  readEntries,
  type ListedText,
} from './policy-lists.ts';
import { commandToAdd } from './adding.ts';
import { addressOf, insecureFinding, mirrorFinding } from './host-findings.ts';
import { shownAddress } from './shown.ts';
import { itemsOf, membersOf, parseToml } from './structured-text.ts';
import { NOTHING, type Finding, type ReadFile } from './wanted.ts';

type Members = ReadonlyMap<string, unknown>;
type Tell = (finding: Finding) => void;

/** @param environments whose policies; none: the organisation's. */
export function readRegistriesConf(text: string, environments: readonly string[]): ReadFile {
  const parsed = parseToml(text);
  if (!parsed.ok) return parsed;
  const file = membersOf(parsed.value) ?? new Map<string, unknown>();
  const findings: Finding[] = [];
  const tell: Tell = (finding) => {
    findings.push(finding);
  };
  const tables = listIn(file, 'registry', tell).map(({ place, text: table }) => ({ place, table: membersOf(table) }));
  const blocked = [...tables.flatMap(({ place, table }) => readTable(place, table, tell)), ...readVersion1(file, tell)];
  const deny = readEntries(blocked, 'deny', tell);
  const defaultRegistry = readSearch(file, tell);
  tellAliases(file, tell);
  const part = {
    place: 'registries.conf',
    says: 'entries',
    ...(deny.length === 0 ? {} : { deny }),
    ...defaultPart(defaultRegistry, 'keep'),
  } as const;
  const isEmpty = deny.length === 0 && defaultRegistry === undefined;
  return success({ ...NOTHING, policies: isEmpty ? [] : forEachScope(environments, part), findings });
}

/** One `[[registry]]`: what of it is blocked, if anything is; the rest is told. */
function readTable(place: string, table: Members | undefined, tell: Tell): readonly ListedText[] {
  if (table === undefined) {
    tell({ place, what: 'is not a table' });
    return [];
  }
  const location = textIn(table, 'location');
  const prefix = textIn(table, 'prefix') ?? location;
  if (prefix === undefined) {
    tell({ place, what: 'has neither "prefix" nor "location"' });
    return [];
  }
  if (table.get('blocked') === true) return [{ place, text: prefix }];
  if (location !== undefined && location !== prefix) tell(renamedFinding(place, { prefix, location }));
  if (table.get('insecure') === true) tell(insecureFinding(place, location ?? prefix));
  tellMirrors(place, table, tell);
  return [];
}

function renamedFinding(
  place: string,
  { prefix, location }: { readonly prefix: string; readonly location: string },
): Finding {
  const [below, from] = [shownAddress(prefix) ?? 'a prefix', shownAddress(location) ?? 'another place'];
  return {
    place,
    what: `has images below ${below} fetched from ${from}: Pullpass renames no images, so leave this on the hosts`,
    advice: `the login that they need then: ${commandToAdd(addressOf(location), [])}`,
  };
}

function tellMirrors(place: string, table: Members, tell: Tell): void {
  for (const [index, mirror] of (itemsOf(table.get('mirror')) ?? []).entries()) {
    tell(mirrorFinding(`${place}.mirror[${index}]`, membersOf(mirror)?.get('location'), []));
  }
}

/** Version 1: `[registries.search]`, `[registries.insecure]` and `[registries.block]`, each a list. */
function readVersion1(file: Members, tell: Tell): readonly ListedText[] {
  const version1 = membersOf(file.get('registries'));
  const insecure = membersOf(version1?.get('insecure')) ?? new Map<string, unknown>();
  for (const { place, text } of listIn(insecure, 'registries', tell)) {
    if (typeof text === 'string') tell(insecureFinding(`registries.insecure.${place}`, text));
  }
  const block = membersOf(version1?.get('block')) ?? new Map<string, unknown>();
  return listIn(block, 'registries', tell).map(({ place, text }) => ({ place: `registries.block.${place}`, text }));
}

/** Where hosts look for an image without a registry: the first is asked first. */
function readSearch(file: Members, tell: Tell): string | undefined {
  const key = 'unqualified-search-registries';
  const search = membersOf(membersOf(file.get('registries'))?.get('search')) ?? new Map<string, unknown>();
  const [first, ...others] = [...listIn(file, key, tell), ...listIn(search, 'registries', tell)];
  for (const { place, text } of others) {
    tell({
      place,
      what: `${shownAddress(text) ?? 'a registry'} is searched for images without a registry after the first one; here there is one default registry`,
      advice: 'name the registry in these images',
    });
  }
  return first === undefined ? undefined : readDefaultRegistry(first, tell);
}

function tellAliases(file: Members, tell: Tell): void {
  const aliases = membersOf(file.get('aliases'));
  if (aliases === undefined || aliases.size === 0) return;
  tell({
    place: 'aliases',
    what: `has ${aliases.size} short names; they are the hosts', which replace them before they ask Pullpass`,
    advice: 'leave them on the hosts',
  });
}

/** A list that is none is told; one that is not there is empty. */
function listIn(members: Members, key: string, tell: Tell): readonly ListedText[] {
  const value = members.get(key);
  if (value === undefined) return [];
  const items = itemsOf(value);
  if (items === undefined) tell({ place: key, what: 'is not a list' });
  return listed(key, items ?? []);
}

function textIn(members: Members, key: string): string | undefined {
  const value = members.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
