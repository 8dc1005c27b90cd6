/** A JSON Schema as a list that a person can read: names, types, limits, what each field is for. */
import { html, NOTHING, type Markup } from './html.ts';
import type { Schema } from './shape.ts';

/** One that has a name is described once, in its own place, and linked to from everywhere else. */
export function schemaMarkup(schema: Schema): Markup {
  return html`<p class="type">${typeMarkup(schema)}</p>
    ${described(schema)} ${partsMarkup(schema)}`;
}

export function schemaAnchor(name: string): string {
  return `schema-${name}`;
}

function described({ description }: Schema): Markup {
  return description === undefined ? NOTHING : html`<p>${description}</p>`;
}

/** What is inside: fields, items, choices. */
function partsMarkup(schema: Schema): Markup {
  if (schema.$ref !== undefined) return NOTHING;
  const choices = realChoices(schema);
  if (choices.length > 1) return choicesMarkup(choices);
  const [only] = choices;
  if (only !== undefined) return partsMarkup(only);
  if (schema.items !== undefined) return partsMarkup(schema.items);
  const values = schema.additionalProperties;
  return html`${fieldsMarkup(schema)}${typeof values === 'object' ? partsMarkup(values) : NOTHING}`;
}

function fieldsMarkup({ properties = {}, required = [] }: Schema): Markup {
  const fields = Object.entries(properties);
  if (fields.length === 0) return NOTHING;
  return html`<dl>${fields.map(([name, field]) => fieldMarkup(name, field, required.includes(name)))}</dl>`;
}

function fieldMarkup(name: string, field: Schema, required: boolean): Markup {
  const need = required ? html` <strong>required</strong>` : NOTHING;
  const secret = field.writeOnly === true ? html` <em>secret, never shown again</em>` : NOTHING;
  return html`<dt><code>${name}</code> <span class="type">${typeMarkup(field)}</span>${need}${secret}</dt>
    <dd>${described(field)}${partsMarkup(field)}</dd>`;
}

function choicesMarkup(choices: readonly Schema[]): Markup {
  const shown = choices.filter((choice) => hasParts(choice));
  if (shown.length === 0) return NOTHING;
  return html`<ul class="choices">
    ${shown.map((choice) => html`<li>${typeMarkup(choice)}: ${partsMarkup(choice)}</li>`)}
  </ul>`;
}

function hasParts(schema: Schema): boolean {
  if (schema.$ref !== undefined) return false;
  if (Object.keys(schema.properties ?? {}).length > 0) return true;
  return [schema.items, ...realChoices(schema)].some((part) => part !== undefined && hasParts(part));
}

function allChoices(schema: Schema): readonly Schema[] {
  return schema.anyOf ?? schema.oneOf ?? [];
}

/** Null is told with the type and is no choice worth a line. */
function realChoices(schema: Schema): readonly Schema[] {
  return allChoices(schema).filter(({ type }) => type !== 'null');
}

function typeMarkup(schema: Schema): Markup {
  const limits = limitsOf(schema);
  return html`${bareType(schema)}${limits === '' ? '' : `, ${limits}`}`;
}

function bareType(schema: Schema): Markup {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return html`<a href="#${schemaAnchor(name)}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) return joined(schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`));
  const choices = allChoices(schema);
  if (choices.length > 0) return joined(choices.map(typeMarkup));
  const type = typeof schema.type === 'object' ? schema.type.join(' or ') : schema.type;
  if (schema.items !== undefined) return html`list of ${bracketed(schema.items)}`;
  const values = schema.additionalProperties;
  if (typeof values === 'object' && Object.keys(values).length > 0) {
    return html`object with any names, each ${bracketed(values)}`;
  }
  return html`${type ?? 'anything'}${kindOf(schema)}`;
}

/** Which of several limits and choices are the item's, and which the list's. */
function bracketed(schema: Schema): Markup {
  const single = limitsOf(schema) === '' && allChoices(schema).length === 0 && schema.enum === undefined;
  return single ? typeMarkup(schema) : html`(${typeMarkup(schema)})`;
}

/** What tells an object from its alternatives. */
function kindOf({ properties = {} }: Schema): Markup {
  const fixed = Object.entries(properties).find(([, { const: value }]) => typeof value === 'string');
  if (fixed === undefined) return NOTHING;
  return html` with <code>${fixed[0]}: ${JSON.stringify(fixed[1].const)}</code>`;
}

function joined(parts: readonly Markup[]): Markup {
  return html`${parts.map((part, index) => (index === 0 ? part : html` or ${part}`))}`;
}

function limitsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, format, pattern } = schema;
  // Numbers that are "any safe integer" are no limit that somebody chose.
  const chosen = (limit: number | undefined): limit is number =>
    limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  return [
    ...(format === undefined ? [] : [format]),
    ...(chosen(minimum) ? [`at least ${minimum}`] : []),
    ...(chosen(maximum) ? [`at most ${maximum}`] : []),
    ...(minLength === undefined ? [] : [minLength === 1 ? 'not empty' : `at least ${minLength} characters`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(minItems === undefined ? [] : [minItems === 1 ? 'not empty' : `at least ${minItems} entries`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems} entries`]),
    // What a format says is not said again by its pattern.
    ...(pattern === undefined || format !== undefined ? [] : [`matches ${pattern}`]),
  ].join(', ');
}
