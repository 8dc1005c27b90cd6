/** The page that people read: whole, well-formed, harmless, and with everything on it that the document has. */
import { createHash } from 'node:crypto';
import { defaultTreeAdapter as tree, parse, type DefaultTreeAdapterTypes } from 'parse5';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { openApiDocument } from '../../lib/http/openapi/document.ts';
import { PROBLEMS } from '../../lib/http/openapi/problem-catalogue.ts';
import { referencePage } from '../../lib/http/openapi/reference-page.ts';
import type { Route } from '../../lib/http/route.ts';
import { startPullpass } from '../support/running-pullpass.ts';

type Element = DefaultTreeAdapterTypes.Element;

interface Page {
  readonly errors: readonly string[];
  readonly elements: readonly Element[];
}

/** By the rules of browsers, but with every error told that they mend in silence. */
function read(html: string): Page {
  const errors: string[] = [];
  const document = parse(html, {
    onParseError: ({ code, startLine, startCol }) => errors.push(`${code} at ${startLine}:${startCol}`),
  });
  return { errors, elements: elementsBelow(document) };
}

function elementsBelow(parent: DefaultTreeAdapterTypes.ParentNode): readonly Element[] {
  return parent.childNodes.flatMap((child) => (tree.isElementNode(child) ? [child, ...elementsBelow(child)] : []));
}

function textOf(node: DefaultTreeAdapterTypes.ParentNode): string {
  const parts = node.childNodes.map((child) => {
    if (tree.isTextNode(child)) return child.value;
    return tree.isElementNode(child) ? textOf(child) : '';
  });
  return parts.join('');
}

function attribute({ attrs }: Element, name: string): string | undefined {
  return attrs.find((each) => each.name === name)?.value;
}

function named(page: Page, tagName: string): readonly Element[] {
  return page.elements.filter((element) => element.tagName === tagName);
}

let html: string;
let headers: Headers;
let page: Page;
let served: unknown;

beforeAll(async () => {
  const pullpass = await startPullpass();
  const answer = await pullpass.call('GET /reference', undefined, { token: '' });
  served = (await pullpass.call('GET /openapi.json', undefined, { token: '' })).body;
  await pullpass.close();
  ({ text: html, headers } = answer);
  page = read(html);
});

describe('the reference page', () => {
  it('is well-formed HTML, in a language and with a title', () => {
    expect(page.errors).toEqual([]);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(named(page, 'html').map((element) => attribute(element, 'lang'))).toEqual(['en']);
    expect(named(page, 'title').map(textOf)).toEqual(['Pullpass: the API']);
  });

  it('has every operation, with a curl line', () => {
    const paths = z.looseObject({ paths: z.record(z.string(), z.looseObject({})) }).parse(served).paths;
    const wanted = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const sections = page.elements.filter((element) => attribute(element, 'class') === 'operation');
    const titles = sections.flatMap((section) =>
      elementsBelow(section)
        .filter(({ tagName }) => tagName === 'h3')
        .map((title) => textOf(title).trim()),
    );
    expect(titles.toSorted()).toEqual(wanted.toSorted());
    expect(sections.filter((section) => !textOf(section).includes('curl -sS'))).toEqual([]);
  });

  it('has every problem code, with what to do', () => {
    for (const [code, { remedy }] of Object.entries(PROBLEMS)) {
      const row = page.elements.find((element) => attribute(element, 'id') === `problem-${code}`);
      expect(row === undefined ? '' : textOf(row), code).toContain(remedy);
    }
  });

  it('has every schema that has a name', () => {
    const { components } = z.looseObject({ components: z.looseObject({ schemas: z.looseObject({}) }) }).parse(served);
    const ids = new Set(page.elements.map((element) => attribute(element, 'id')));
    expect(Object.keys(components.schemas).filter((name) => !ids.has(`schema-${name}`))).toEqual([]);
  });

  it('leads nowhere but to itself and to the document', () => {
    const ids = page.elements.flatMap((element) => attribute(element, 'id') ?? []);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const targets = new Set(named(page, 'a').map((link) => attribute(link, 'href')));
    const known = new Set(['/openapi.json', ...ids.map((id) => `#${id}`)]);
    expect([...targets].filter((target) => target === undefined || !known.has(target))).toEqual([]);
  });

  it('loads nothing and runs nothing, and lets a browser do no more', () => {
    const loading = ['script', 'link', 'img', 'iframe', 'object', 'form', 'base'];
    expect(loading.flatMap((name) => named(page, name))).toEqual([]);
    const attributes = page.elements.flatMap(({ attrs }) => attrs.map(({ name }) => name));
    expect(attributes.filter((name) => name === 'src' || name === 'style' || name.startsWith('on'))).toEqual([]);
    const [style] = named(page, 'style').map(textOf);
    expect(style).not.toMatch(/@import|url\(/);
    const hash = createHash('sha256')
      .update(style ?? '')
      .digest('base64');
    const policy = headers.get('content-security-policy');
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('keeps tokens and bodies off command lines', () => {
    const commands = named(page, 'code')
      .map(textOf)
      .filter((text) => text.includes('curl -sS'));
    expect(commands.length).toBeGreaterThan(20);
    expect(
      commands.filter((text) => /curl[^|]*(?:authorization|x-amz|the-secret|-d )/i.test(text.replaceAll('\\\n', ' '))),
    ).toEqual([]);
  });

  it('can be moved through by keyboard and by headings', () => {
    expect(named(page, 'h1')).toHaveLength(1);
    const levels = page.elements.flatMap(({ tagName }) => /^h([1-6])$/.exec(tagName)?.[1] ?? []).map(Number);
    const jumps = levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1);
    expect(jumps).toEqual([]);
    expect(named(page, 'main')).toHaveLength(1);
    expect(named(page, 'nav').map((element) => attribute(element, 'aria-label'))).toEqual(['Contents']);
    expect(named(page, 'th').filter((cell) => attribute(cell, 'scope') === undefined)).toEqual([]);
  });
});

describe('text on the reference page', () => {
  const HOSTILE = `</style></code><script>alert("x")</script><img src=x onerror='y'>&amp;`;

  const route: Route = {
    method: 'POST',
    path: '/v1/hostile',
    description: {
      summary: HOSTILE,
      roles: [],
      body: z.object({ [HOSTILE]: z.string().check(z.meta({ description: HOSTILE })), choice: z.enum([HOSTILE, 'b']) }),
      answers: { 200: HOSTILE },
      problems: [],
    },
    run: async () => ({ statusCode: 200, headers: {}, body: '' }),
  };

  it('stays text, wherever it comes from', () => {
    const made = referencePage(openApiDocument([route], HOSTILE));
    const { errors, elements } = read(made.html);
    expect(errors).toEqual([]);
    expect(elements.filter(({ tagName }) => tagName === 'script' || tagName === 'img')).toEqual([]);
    const shown = elements
      .filter(({ tagName }) => tagName === 'body')
      .map(textOf)
      .join('');
    // Version, summary, a field's name and its description, what an answer is; and a value, as JSON.
    expect(shown.split(HOSTILE).length - 1).toBe(5);
    expect(shown).toContain(JSON.stringify(HOSTILE));
  });
});
