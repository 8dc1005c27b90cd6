/** What of a registry's source differs between a file and what is there, and whether that means another login. */
import { sourceFields, type SourceFields } from '../../formats/import/source-fields.ts';
import type { WantedRegistry, WantedSource } from '../../formats/import/wanted.ts';
import type { JsonValue } from '../../domain/registry.ts';
import type { FieldChange } from './plan-steps.ts';
import type { PresentRegistry } from './present.ts';

/** For a kind that this command does not know, nothing is the same. */
export function isSameLogin(wanted: WantedRegistry, present: PresentRegistry): boolean {
  const fields = sourceFields(wanted.source.kind);
  return fields?.login.every((name) => !differs(name, { wanted, present, fields })) ?? false;
}

export function isSameSource(wanted: WantedRegistry, present: PresentRegistry): boolean {
  return isSameLogin(wanted, present) && settingChanges(wanted, present).length === 0;
}

/** Of what an administrator can set. Fields that a bare login does not name are not compared: it knows nothing of them. */
export function settingChanges(wanted: WantedRegistry, present: PresentRegistry): readonly FieldChange[] {
  const fields = sourceFields(wanted.source.kind);
  return (fields?.settable ?? [])
    .filter((name) => fields !== undefined && differs(name, { wanted, present, fields }))
    .map((name) => ({
      field: `source.${name}`,
      from: present.source[name] ?? null,
      to: wanted.source.settings[name] ?? null,
    }));
}

/** A field that follows from a secret, or from the installation, says nothing where the file leaves it out. */
function differs(
  name: string,
  parts: { readonly wanted: WantedRegistry; readonly present: PresentRegistry; readonly fields: SourceFields },
): boolean {
  const { wanted, present, fields } = parts;
  const value = wanted.source.settings[name] ?? null;
  const isOpen = wanted.says === 'login' || fields.derived.includes(name);
  if (value === null && isOpen) return false;
  return JSON.stringify(value) !== JSON.stringify(present.source[name] ?? null);
}

/** Does the source, once it is as wanted, hold a secret? */
export function holdsSecret({ source }: Pick<WantedRegistry, 'source'>): boolean {
  return sourceFields(source.kind)?.needsSecret(source.settings) ?? true;
}

/** As the API takes it: what can be set, and the secret. Null takes a setting away. */
export function sourceDocument(source: WantedSource): Record<string, JsonValue> {
  const fields = sourceFields(source.kind);
  const document: Record<string, JsonValue> = { kind: source.kind };
  for (const name of fields?.settable ?? []) {
    const value = source.settings[name];
    if (value !== undefined) document[name] = value;
  }
  if (fields !== undefined && source.secret !== undefined) document[fields.secret] = source.secret.reveal();
  return document;
}
