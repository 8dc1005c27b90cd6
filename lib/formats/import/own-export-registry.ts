/** A registry of an export: settings as the API takes them, and its secret where somebody has filled it in. */
import * as z from 'zod/mini';
import { parseAddress, type CanonicalAddress } from '../../domain/address.ts';
import { EVERY_ENVIRONMENT, parseEnvironmentName } from '../../domain/environment-name.ts';
import { isPlainName, parseDocument } from '../../domain/parse-document.ts';
import { parseRealmHost } from '../../domain/registry-host.ts';
import type { JsonValue, TlsSettings } from '../../domain/registry.ts';
import { Secret } from '../../domain/secret.ts';
import { faultOfAddress } from './shown.ts';
import { sourceFields } from './source-fields.ts';
import { membersOf } from './structured-text.ts';
import type { Finding, WantedRegistry, WantedSettings, WantedSource } from './wanted.ts';

const text = z.nullish(z.string());

const registrySchema = z.strictObject({
  id: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  address: z.string(),
  environments: z.array(z.string()).check(z.minLength(1)),
  state: z._default(z.enum(['active', 'inactive']), 'active'),
  source: z.unknown(),
  tls: z.nullish(z.strictObject({ ca: text, skipVerify: z.nullish(z.boolean()), plainHttp: z.nullish(z.boolean()) })),
  probe: z.nullish(z.strictObject({ repository: z.string() })),
  trustedRealms: z.nullish(z.array(z.string())),
  email: text,
  description: text,
  expiresOn: text,
});
type Registry = z.infer<typeof registrySchema>;

type Tell = (finding: Finding) => void;

export function readExportedRegistry(item: unknown, place: string, tell: Tell): WantedRegistry | undefined {
  const parsed = parseDocument(registrySchema, item, place);
  if (!parsed.ok) {
    tell({ place: parsed.failure.field, what: parsed.failure.rule });
    return undefined;
  }
  const { id, environments, state } = parsed.value;
  const address = readAddress(parsed.value.address, place, tell);
  const source = readSource(parsed.value.source, `${place}.source`, tell);
  if (address === undefined || source === undefined || !areEnvironments(environments, place, tell)) return undefined;
  return {
    ...{ place, address, state, source },
    ...(id === undefined ? {} : { id }),
    says: 'everything',
    environments: [...new Set(environments)],
    settings: settingsOf(parsed.value),
    notes: [],
  };
}

function readAddress(written: string, place: string, tell: Tell): CanonicalAddress | undefined {
  const address = parseAddress(written);
  if (address.ok) return address.value.canonical;
  // Not the text: what is no address may be a password.
  tell({ place: `${place}.address`, what: faultOfAddress(written, address.failure.rule) });
  return undefined;
}

function areEnvironments(names: readonly string[], place: string, tell: Tell): boolean {
  const wrong = names.findIndex((name) => name !== EVERY_ENVIRONMENT && !parseEnvironmentName(name).ok);
  if (wrong < 0) return true;
  tell({ place: `${place}.environments[${wrong}]`, what: 'must be 1 to 63 characters of a-z, 0-9 and "-", or "*"' });
  return false;
}

/**
 * In the one form that is compared: what is not set is not there, and hosts of realms are spelled as Pullpass keeps them. One
 * that cannot be read is handed on: the API says what is wrong with it.
 */
function settingsOf({ tls, probe, trustedRealms, email, description, expiresOn }: Registry): WantedSettings {
  const kept: TlsSettings = {
    ...(typeof tls?.ca === 'string' ? { ca: tls.ca } : {}),
    ...(tls?.skipVerify === true ? { skipVerify: true } : {}),
    ...(tls?.plainHttp === true ? { plainHttp: true } : {}),
  };
  return {
    tls: kept,
    probe: probe?.repository ?? null,
    trustedRealms: [...new Set((trustedRealms ?? []).map((realm) => parseRealmHost(realm) ?? realm))],
    email: email ?? null,
    description: description ?? null,
    expiresOn: expiresOn ?? null,
  };
}

const jsonText = z.union([z.string(), z.array(z.string())]);

function readSource(source: unknown, place: string, tell: Tell): WantedSource | undefined {
  const members = membersOf(source);
  const kind = members?.get('kind');
  const fields = typeof kind === 'string' ? sourceFields(kind) : undefined;
  if (members === undefined || typeof kind !== 'string' || fields === undefined) {
    tell({ place: `${place}.kind`, what: 'is no source kind that this pullpass knows', advice: 'use a newer one' });
    return undefined;
  }
  const settings = new Map<string, JsonValue>();
  for (const [name, value] of members) {
    if (name === 'kind' || name === fields.secret || value === null || value === undefined) continue;
    const parsed = z.safeParse(jsonText, value);
    if (![...fields.settable, ...fields.derived].includes(name) || !parsed.success) {
      tell(
        isPlainName(name)
          ? { place: `${place}.${name}`, what: `is no field of a source of the kind ${kind}, or not a text` }
          : { place, what: `has a field that a source of the kind ${kind} does not have, by no name that is shown` },
      );
      return undefined;
    }
    settings.set(name, parsed.data);
  }
  const secret = secretOf(members.get(fields.secret));
  return { kind, settings: Object.fromEntries(settings), ...(secret === undefined ? {} : { secret }) };
}

/** A text, or for keys that are files in JSON the object itself. Empty is not filled in. */
export function secretOf(value: unknown): Secret | undefined {
  if (typeof value === 'string') return value === '' ? undefined : new Secret(value);
  if (membersOf(value) === undefined) return undefined;
  try {
    return new Secret(JSON.stringify(value));
  } catch {
    // It is nested more deeply than can be written again, so it is no key file.
    return undefined;
  }
}
