/** A registry of a file against the one that it is: what would change, and whether that takes the secret again. */
import { sourceFields } from '../../formats/import/source-fields.ts';
import type { Finding, WantedRegistry } from '../../formats/import/wanted.ts';
import { canonicalCertificates } from '../../domain/ca-certificates.ts';
import type { TlsSettings } from '../../domain/registry.ts';
import { daysUntil } from '../../domain/expiry-date.ts';
import { weakensTransport } from '../../domain/transport-change.ts';
import { covers, isSameSet } from './match-registries.ts';
import type { ChangeRegistry, FieldChange, PlanOptions, SecretState } from './plan-steps.ts';
import type { PresentRegistry } from './present.ts';
import { holdsSecret, isSameLogin, settingChanges } from './source-changes.ts';

export interface Difference {
  /** Undefined: it is so already, as far as it can be. */
  readonly step: ChangeRegistry | undefined;
  readonly findings: readonly Finding[];
}

interface Parts {
  readonly wanted: WantedRegistry;
  readonly present: PresentRegistry;
  readonly options: PlanOptions;
}

/** @param widen whether environments may be added: not where the registry would then answer instead of a third one. */
export function registryDifference(given: Parts, widen: boolean): Difference {
  const { present, options } = given;
  const wanted = withoutPastDate(given.wanted, present.settings.expiresOn, options.now);
  const parts = { wanted, present, options };
  const environments = environmentChange(parts, widen);
  const source = sourceChange(parts);
  const settings = wanted.says === 'everything' ? settingsChange(wanted, present) : NO_CHANGE;
  const state = wanted.says === 'everything' && wanted.state !== present.state ? wanted.state : undefined;
  const weaker =
    wanted.says === 'everything' &&
    holdsSecret(wanted) &&
    weakensTransport(asStored(present.settings), asStored(wanted.settings));
  const secret = secretState(wanted, source.needsSecret || weaker);
  const changes = [
    ...environments.changes,
    ...source.changes,
    ...settings.changes,
    ...(state === undefined ? [] : [{ field: 'state', from: present.state, to: state }]),
  ];
  const findings = [...environments.findings, ...source.findings];
  if (changes.length === 0 && secret === 'none') return { step: undefined, findings };
  const step: ChangeRegistry = {
    ...{ action: 'change', subject: 'registry', changes, secret, state },
    ...{ id: present.id, name: present.address, revision: present.revision },
    environments: [...new Set([...present.environments, ...wanted.environments])],
    patch: { ...environments.patch, ...settings.patch, ...(secret === 'none' ? {} : keptDate(given.wanted, wanted)) },
    source: source.sends || secret !== 'none' ? sentSource(wanted, source, secret) : undefined,
    notes: [...notesOn(parts, source), ...(secret === 'none' ? [] : droppedDate(parts))],
  };
  return { step, findings };
}

interface Change {
  readonly changes: readonly FieldChange[];
  readonly patch: Readonly<Record<string, unknown>>;
  readonly findings: readonly Finding[];
}

const NO_CHANGE: Change = { changes: [], patch: {}, findings: [] };

function environmentChange({ wanted, present }: Parts, widen: boolean): Change {
  const from = present.environments;
  const to = wanted.says === 'everything' ? wanted.environments : united(from, wanted.environments);
  if (isSameSet(from, to)) return NO_CHANGE;
  if (widen || covers(from, to)) {
    return { changes: [{ field: 'environments', from, to }], patch: { environments: to }, findings: [] };
  }
  const what = `cannot have ${present.address} (${present.id}) be for ${to.join(', ')}: another registry there is for some of these`;
  const advice = 'to have it all the same: --allow-override; where both are, the one that was added later answers';
  return { ...NO_CHANGE, findings: [{ place: wanted.place, what, advice }] };
}

function united(from: readonly string[], further: readonly string[]): readonly string[] {
  return covers(from, further) ? from : [...new Set([...from, ...further])];
}

interface SourceChange {
  readonly changes: readonly FieldChange[];
  readonly findings: readonly Finding[];
  readonly sends: boolean;
  readonly needsSecret: boolean;
}

/** Who logs in at a registry that is there is changed only on demand: what a file says may well be older. */
function sourceChange({ wanted, present, options }: Parts): SourceChange {
  const changes = settingChanges(wanted, present);
  const isOther = !isSameLogin(wanted, present);
  const holds = holdsSecret(wanted);
  const replaces = options.replaceSecrets && holds && wanted.source.secret !== undefined;
  if (!isOther || !holds || options.replaceSecrets) {
    const needsSecret = holds && (isOther || replaces);
    return {
      changes: isOther && changes.length === 0 ? loginChange(wanted, present) : changes,
      findings: [],
      sends: changes.length > 0,
      needsSecret,
    };
  }
  const finding = {
    place: wanted.place,
    what: `has another login for ${present.address} than ${present.id}, which is there for ${present.environments.join(', ')}${loginWords(present)}`,
    advice: 'to have the login of the file instead: --replace-secrets',
  };
  return { changes: [], findings: [finding], sends: false, needsSecret: false };
}

/** Of a login that follows from the secret. */
function loginChange(wanted: WantedRegistry, present: PresentRegistry): readonly FieldChange[] {
  return (sourceFields(wanted.source.kind)?.login ?? []).map((name) => ({
    field: `source.${name}`,
    from: present.source[name] ?? null,
    to: wanted.source.settings[name] ?? null,
  }));
}

function loginWords({ source }: PresentRegistry): string {
  const [name] = (sourceFields(source.kind)?.login ?? [])
    .map((field) => source[field])
    .filter((value) => typeof value === 'string');
  return name === undefined ? '' : ` and logs in as ${name}`;
}

function secretState(wanted: WantedRegistry, isNeeded: boolean): SecretState {
  if (!isNeeded) return 'none';
  return wanted.source.secret === undefined ? 'missing' : 'given';
}

/** Of the settings only what changes: the rest may have been changed by somebody who knew why. */
function sentSource(wanted: WantedRegistry, { changes }: SourceChange, secret: SecretState): WantedRegistry['source'] {
  const names = changes.map(({ field }) => field.slice('source.'.length));
  const settable = sourceFields(wanted.source.kind)?.settable ?? [];
  const settings = names
    .filter((name) => settable.includes(name))
    .map((name) => [name, wanted.source.settings[name] ?? null] as const);
  return {
    kind: wanted.source.kind,
    settings: Object.fromEntries(settings),
    ...(secret === 'given' && wanted.source.secret !== undefined ? { secret: wanted.source.secret } : {}),
  };
}

function settingsChange(wanted: WantedRegistry, present: PresentRegistry): Change {
  const { tls, probe, trustedRealms, email, description, expiresOn } = asStored(wanted.settings);
  const before = asStored(present.settings);
  const fields: readonly (readonly [field: string, from: unknown, to: unknown, sent?: unknown])[] = [
    ['tls', before.tls, tls],
    ['probe', before.probe, probe, probe === null ? null : { repository: probe }],
    ['trustedRealms', before.trustedRealms, trustedRealms],
    ['email', before.email, email],
    ['description', before.description, description],
    ['expiresOn', before.expiresOn, expiresOn],
  ];
  const differing = fields.filter(([, from, to]) => JSON.stringify(from) !== JSON.stringify(to));
  return {
    changes: differing.map(([field, from, to]) => ({ field, from, to })),
    patch: Object.fromEntries(differing.map(([field, , to, sent = to]) => [field, sent])),
    findings: [],
  };
}

/**
 * With an expiry date that is past, Pullpass would refuse all of the registry. Such a date says nothing any more: what is
 * there stays, or there is none.
 */
export function withoutPastDate(wanted: WantedRegistry, present: string | null, now: number): WantedRegistry {
  const { settings, notes } = wanted;
  const { expiresOn } = settings;
  if (expiresOn === null || expiresOn === present || !(daysUntil(expiresOn, now) < 0)) return wanted;
  const note = `the file's expiry date ${expiresOn} is past, and is left out`;
  return { ...wanted, settings: { ...settings, expiresOn: present }, notes: [...notes, note] };
}

/**
 * A date goes with its password: one that is sent without it would be taken for a new one without a date. Where the file's is
 * past, the date that is there is not that of the file's password either.
 */
function keptDate(
  { says, settings: { expiresOn } }: WantedRegistry,
  { settings: taken }: WantedRegistry,
): { readonly expiresOn?: string } {
  return says === 'everything' && expiresOn !== null && expiresOn === taken.expiresOn ? { expiresOn } : {};
}

function droppedDate({ wanted, present }: Parts): readonly string[] {
  const { expiresOn } = present.settings;
  if (wanted.says === 'everything' || expiresOn === null) return [];
  return [
    `its expiry date ${expiresOn} is the present password's, and is dropped: registry edit --expires-on gives one`,
  ];
}

/** The server stores the certificates and not the file, so the same ones in another file are no change. */
function asStored<Settings extends { readonly tls: TlsSettings }>(settings: Settings): Settings {
  const { ca } = settings.tls;
  return ca === undefined ? settings : { ...settings, tls: { ...settings.tls, ca: canonicalCertificates(ca) } };
}

/** The id that a role has to ask for is made of the installation, the role and the address, so a new one is needed. */
export const TRUST_NOTE =
  'its role has to trust the external id that this installation has for it; while it does not, the step is refused and says which';

function notesOn({ wanted }: Parts, { changes }: SourceChange): readonly string[] {
  const isNewRole = changes.some(({ field, to }) => field === 'source.roleArn' && to !== null);
  return [...wanted.notes, ...(isNewRole ? [TRUST_NOTE] : [])];
}
