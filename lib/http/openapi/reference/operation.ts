/** One operation on the reference page: what it takes, what it answers, an example of each. */
import { curlLines } from './curl.ts';
import { html, NOTHING, type Markup } from './html.ts';
import { problemAnchor } from './problems.ts';
import { schemaMarkup } from './schema.ts';
import type { Content, Operation, Parameter, Response } from './shape.ts';

export interface PlacedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function operationAnchor({ operationId }: Operation): string {
  return `operation-${operationId}`;
}

export function operationMarkup(placed: PlacedOperation): Markup {
  const { method, path, operation } = placed;
  const anchor = operationAnchor(operation);
  const bodyFile = bodyFileOf(operation.requestBody?.content);
  return html`<section class="operation" id="${anchor}" aria-labelledby="${anchor}-title">
    <h3 id="${anchor}-title">
      <a href="#${anchor}"><code>${method.toUpperCase()} ${path}</code></a>
    </h3>
    <p>${operation.summary}. ${operation.description}</p>
    ${parametersMarkup(operation.parameters ?? [])} ${bodyMarkup(operation)}
    <h4>With curl</h4>
    <pre tabindex="0"><code>${curlLines({ ...placed, bodyFile })}</code></pre>
    <h4>Answers</h4>
    <dl class="answers">
      ${Object.entries(operation.responses).map(([status, response]) => responseMarkup(status, response))}
    </dl>
  </section>`;
}

/** Of a query parameter or header the description may stand with its schema. */
function parametersMarkup(parameters: readonly Parameter[]): Markup {
  if (parameters.length === 0) return NOTHING;
  return html`<h4>Parameters</h4>
    <dl>
      ${parameters.map(
        (parameter) =>
          html`<dt>
              <code>${parameter.name}</code> <span class="type">in the ${parameter.in}</span>${
                parameter.required === true ? html` <strong>required</strong>` : NOTHING
              }
            </dt>
            <dd>
              ${parameter.description === undefined ? NOTHING : html`<p>${parameter.description}</p>`}
              ${schemaMarkup({ ...parameter.schema, description: undefined })}
            </dd>`,
      )}
    </dl>`;
}

function bodyMarkup({ requestBody }: Operation): Markup {
  const entries = Object.entries(requestBody?.content ?? {});
  return html`${entries.map(
    ([type, { schema, examples = {} }]) =>
      html`<h4>Body, <code>${type}</code></h4>
        ${schema === undefined ? NOTHING : schemaMarkup(schema)}
        ${Object.entries(examples).map(([name, { value }]) => exampleMarkup(`Example: ${words(name)}`, value))}`,
  )}`;
}

function bodyFileOf(content: Content): string | undefined {
  const [type] = Object.keys(content ?? {});
  return type === undefined ? undefined : type === 'application/json' ? 'body.json' : 'body.txt';
}

const PROBLEM = 'application/problem+json';

function responseMarkup(status: string, { description, headers = {}, content = {} }: Response): Markup {
  const codes = Object.keys(content[PROBLEM]?.examples ?? content['text/plain']?.examples ?? {});
  const isSuccess = status.startsWith('2') || content['application/json'] !== undefined || codes.length === 0;
  const sentence = isSuccess ? (description.split('. Or a problem:')[0] ?? description) : '';
  return html`<dt><strong>${status}</strong> ${sentence}</dt>
    <dd>
      ${codes.length === 0 ? NOTHING : html`<p>${codes.map(codeLink)}</p>`} ${bodiesMarkup(content)}
      ${isSuccess ? headersMarkup(headers) : NOTHING}
    </dd>`;
}

function codeLink(code: string): Markup {
  return html`<a href="#${problemAnchor(code)}"><code>${code}</code></a> `;
}

/** Problems are described in a place of their own, once for all operations. */
function bodiesMarkup(content: NonNullable<Content>): Markup {
  const bodies = Object.entries(content).filter(([type, { examples }]) => type !== PROBLEM && examples === undefined);
  return html`${bodies.map(
    ([type, { schema, example }]) =>
      html`<p><code>${type}</code></p>
        ${schema === undefined ? NOTHING : schemaMarkup(schema)}
        ${example === undefined ? NOTHING : exampleMarkup('Example', example)}`,
  )}`;
}

function headersMarkup(headers: NonNullable<Response['headers']>): Markup {
  return html`<p>
    Headers:
    ${Object.entries(headers).map(
      ([name, { description = '' }], index) =>
        html`${index === 0 ? '' : '; '}<code>${name}</code>${description === '' ? '' : ` (${description})`}`,
    )}
  </p>`;
}

export function exampleMarkup(title: string, value: unknown): Markup {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return html`<details>
    <summary>${title}</summary>
    <pre tabindex="0"><code>${text}</code></pre>
  </details>`;
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
