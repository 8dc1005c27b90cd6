/** HTML that is put together from text: whatever is put in is escaped, unless it was made here itself. */

/** Markup that is safe as it is, because `html` made it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Insertable = string | number | Markup | readonly Markup[];

export function html(parts: TemplateStringsArray, ...inserted: readonly Insertable[]): Markup {
  const texts = parts.map((part, index) => part + markupOf(inserted[index] ?? ''));
  return new Markup(texts.join(''));
}

export const NOTHING = new Markup('');

function markupOf(value: Insertable): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return escaped(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For content and for attributes in quotes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
