/** How registries are shown: a line each, or one in full. */
import type { RegistryAnswer } from '../answers.ts';
import { printFields, printTable, remark } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import { daysLeftWords, fullTime, leftWords } from '../time-words.ts';
import { environmentWords } from './registry-succession.ts';

export interface RegistryFilters {
  readonly env?: string;
  readonly address?: string;
  readonly kind?: string;
  readonly state?: string;
}

export function printRegistries(
  terminal: Terminal,
  registries: readonly RegistryAnswer[],
  filters: RegistryFilters,
): void {
  if (registries.length === 0) {
    remark(terminal, noneWords(filters));
    return;
  }
  printTable(
    terminal,
    ['ADDRESS', 'KIND', 'ENVIRONMENTS', 'STATE', 'CREDENTIAL', 'ID'],
    registries.map((registry) => [
      registry.address,
      registry.source.kind,
      registry.environments.join(','),
      stateWords(registry),
      credentialWords(registry, terminal.now(), loginDoubt(registry)),
      registry.id,
    ]),
  );
}

function noneWords({ env, address, kind, state }: RegistryFilters): string {
  const filters = [
    ...(env === undefined ? [] : [`for the environment ${env}`]),
    ...(address === undefined ? [] : [`at ${address}`]),
    ...(kind === undefined ? [] : [`of the kind ${kind}`]),
    ...(state === undefined ? [] : [`that is ${state}`]),
  ];
  if (filters.length === 0) return 'there is no registry; add one with `pullpass registry add`';
  return `no registry ${filters.join(', ')}`;
}

/** `doubt`: what speaks against the credential although it is fresh. */
export function credentialWords(registry: RegistryAnswer, now: number, doubt?: string): string {
  const { credential, expiresInDays } = registry;
  const { expiresAt, lastError } = credential;
  const state = doubt === undefined ? credential.state : `${credential.state}, ${doubt}`;
  const error = lastError === null || lastError === undefined ? '' : ` (${lastError.code})`;
  if (expiresAt === null || expiresAt === undefined) {
    const left = typeof expiresInDays === 'number' ? `, ${daysLeftWords(expiresInDays)}` : '';
    return `${state}${left}${error}`;
  }
  return `${state}, ${leftWords((Date.parse(expiresAt) - now) / 1000)}${error}`;
}

/** A credential that nobody has logged in with may be as fresh as it likes, and wrong. */
export function loginDoubt({ credential, verification }: RegistryAnswer): string | undefined {
  const { drift } = verification ?? {};
  if (verification && drift) return `drifted from ${drift.from} to ${verification.warning ?? verification.status}`;
  const status = verification?.status ?? 'not verified';
  return credential.state === 'fresh' && status !== 'verified' ? status : undefined;
}

function stateWords({ state, overridden, overriddenBy = [] }: RegistryAnswer): string {
  if (overridden === true) return `${state}, overridden`;
  return overriddenBy.length === 0 ? state : `${state}, partly overridden`;
}

/** The other registries at its address, and where they are concerned. */
function otherWords(others: RegistryAnswer['overrides'], registry: RegistryAnswer): string | undefined {
  const { overrides = [], overriddenBy = [] } = registry;
  const among = [...overrides, ...overriddenBy].flatMap(({ environments }) => environments);
  return others?.map(({ id, environments }) => `${id} ${environmentWords(environments, among)}`).join('; ');
}

export function printRegistry(terminal: Terminal, registry: RegistryAnswer, changes: readonly string[]): void {
  const now = terminal.now();
  const { credential, verification } = registry;
  const { lastError } = credential;
  printFields(terminal, [
    ['id', registry.id],
    ['address', registry.address],
    ['environments', registry.environments.join(', ')],
    ['state', stateWords(registry)],
    ['overrides', otherWords(registry.overrides, registry)],
    ['overridden by', otherWords(registry.overriddenBy, registry)],
    ...sourceFields(registry),
    ['tls', tlsWords(registry)],
    ['probe', registry.probe?.repository],
    ['trusted realms', registry.trustedRealms?.join(', ')],
    ['e-mail', registry.email ?? undefined],
    ['description', registry.description ?? undefined],
    ['credential', credential.state],
    ['user name', credential.username ?? undefined],
    ['issued', fullTime(credential.issuedAt, now)],
    expiryField(registry, now),
    ['next refresh', fullTime(credential.nextRefreshAt, now)],
    ['last error', lastError ? `${lastError.code}, ${fullTime(lastError.at, now) ?? ''}` : undefined],
    ['login', verification ? verificationWords(verification, now) : 'never tried'],
    ['drift', verification?.drift ? driftWords(verification.drift, now) : undefined],
    ['added', fullTime(registry.createdAt, now)],
    ['changed', fullTime(registry.updatedAt, now)],
    ['revision', String(registry.revision)],
    ...changes.map((change, index) => [index === 0 ? 'last changes' : '', change] as const),
  ]);
}

/** What an administrator said of a typed password comes before what its credential says, which is nothing. */
function expiryField({ credential, expiresOn, expiresInDays }: RegistryAnswer, now: number) {
  if (typeof expiresOn === 'string') {
    const left = typeof expiresInDays === 'number' ? ` (${daysLeftWords(expiresInDays)})` : '';
    return ['expires on', `${expiresOn}${left}`] as const;
  }
  const runsOut = fullTime(credential.expiresAt, now) ?? 'never';
  return ['runs out', credential.state === 'pending' ? undefined : runsOut] as const;
}

function verificationWords(verification: NonNullable<RegistryAnswer['verification']>, now: number): string {
  const warning = verification.warning ? `, warning: ${verification.warning}` : '';
  return `${verification.status}${warning}, ${fullTime(verification.at, now) ?? ''}`;
}

function driftWords({ from, at }: { readonly from: string; readonly at: string }, now: number): string {
  return `was ${from}, found otherwise ${fullTime(at, now) ?? ''}`;
}

/** Each kind has its own; the answer holds no secret. */
function sourceFields({ source }: RegistryAnswer): (readonly [string, string])[] {
  return Object.entries(source).flatMap(([key, value]): (readonly [string, string])[] => {
    if (value === null || value === undefined) return [];
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    return [[key === 'kind' ? 'source' : `source ${key}`, shown]];
  });
}

function tlsWords({ tls }: RegistryAnswer): string {
  if (tls?.plainHttp === true) return 'none: plain HTTP';
  if (tls?.skipVerify === true) return 'certificates are not verified';
  return tls?.ca === undefined ? 'verified' : 'verified with its own certificate authority';
}
