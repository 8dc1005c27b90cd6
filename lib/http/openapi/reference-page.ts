/**
 * The OpenAPI document as one page for people: no script, nothing from elsewhere, and a policy that lets a browser load
 * nothing but the page's own style. Its job: the page as a whole; its parts are in reference/.
 */
import { createHash } from 'node:crypto';
import type * as z from 'zod/mini';
import type { OpenApiDocument } from './document.ts';
import { html, Markup } from './reference/html.ts';
import { operationAnchor, operationMarkup, type PlacedOperation } from './reference/operation.ts';
import { problemsMarkup } from './reference/problems.ts';
import { schemaAnchor, schemaMarkup } from './reference/schema.ts';
import { documentShape, type Schema } from './reference/shape.ts';
import { STYLE } from './reference/style.ts';

export interface ReferencePage {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

type Document = z.infer<typeof documentShape>;

interface Group {
  readonly name: string;
  readonly description: string;
  readonly anchor: string;
  readonly operations: readonly PlacedOperation[];
}

export function referencePage(openApi: OpenApiDocument): ReferencePage {
  const document = documentShape.parse(openApi);
  const groups = groupsOf(document);
  const body = html`<a class="skip" href="#content">To the content</a>
    <header>
      <h1>${document.info.title}: the API</h1>
      <p>${document.info.description}</p>
      <p>Version ${document.info.version}. For programs: <a href="/openapi.json">openapi.json</a>.</p>
    </header>
    ${contents(groups)}
    <main id="content">${groups.map(groupMarkup)} ${problemsMarkup()} ${schemasMarkup(document)}</main>`;
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return {
    html: page(document.info.title, body).text,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

/** Without a blank at either end: the hash is of exactly what stands between the tags. */
const STYLE_ELEMENT = new Markup(`<style>${STYLE}</style>`);

function page(title: string, body: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}: the API</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        ${body}
      </body>
    </html>`;
}

function groupsOf({ tags, paths }: Document): readonly Group[] {
  const placed = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): PlacedOperation => ({ method, path, operation })),
  );
  return tags.map((tag, index) => ({
    ...tag,
    anchor: `group-${index + 1}`,
    operations: placed.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
}

function contents(groups: readonly Group[]): Markup {
  return html`<nav aria-label="Contents">
    <ul>
      ${groups.map(
        ({ name, anchor, operations }) =>
          html`<li>
            <a href="#${anchor}">${name}</a>
            <ul>
              ${operations.map(
                ({ method, path, operation }) =>
                  html`<li>
                    <a href="#${operationAnchor(operation)}"><code>${method.toUpperCase()} ${path}</code></a>
                  </li>`,
              )}
            </ul>
          </li>`,
      )}
      <li><a href="#problems">Problem codes</a></li>
      <li><a href="#schemas">Schemas</a></li>
    </ul>
  </nav>`;
}

function groupMarkup({ name, description, anchor, operations }: Group): Markup {
  return html`<section id="${anchor}" aria-labelledby="${anchor}-title">
    <h2 id="${anchor}-title">${name}</h2>
    <p>${description}</p>
    ${operations.map(operationMarkup)}
  </section>`;
}

function schemasMarkup({ components }: Document): Markup {
  return html`<section id="schemas" aria-labelledby="schemas-title">
    <h2 id="schemas-title">Schemas</h2>
    ${Object.entries(components.schemas).map(([name, schema]) => namedSchema(name, schema))}
  </section>`;
}

function namedSchema(name: string, schema: Schema): Markup {
  return html`<section id="${schemaAnchor(name)}">
    <h3><code>${name}</code></h3>
    ${schemaMarkup(schema)}
  </section>`;
}
