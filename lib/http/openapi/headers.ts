/** Headers of answers, as OpenAPI describes them. What each is for stands with the answer; here is what its value looks like. */

interface DescribedHeader {
  readonly description: string;
  readonly schema: Record<string, unknown>;
}

interface HeaderObject {
  [extension: `x-${string}`]: unknown;
  description: string;
  required: boolean;
  schema: Record<string, unknown>;
}

/** By lower-case name. One that is not here is any text. */
const HEADERS: Readonly<Record<string, DescribedHeader>> = {
  'cache-control': {
    description: 'Says no-store for everything that is somebody’s own',
    schema: { type: 'string', examples: ['no-store'] },
  },
  etag: { description: 'The revision', schema: { type: 'string', pattern: '^"\\d{1,15}"$', examples: ['"3"'] } },
  'retry-after': { description: 'Seconds to wait before trying again', schema: { type: 'integer', minimum: 1 } },
  'www-authenticate': {
    description: 'What proves who calls',
    schema: { type: 'string', enum: ['Bearer', 'AWS4-HMAC-SHA256'] },
  },
  allow: { description: 'The methods that this path takes', schema: { type: 'string', examples: ['GET, POST'] } },
  'pullpass-refresh-in': { description: '', schema: { type: 'integer', minimum: 0 } },
  'pullpass-expires-in': { description: '', schema: { type: 'string', pattern: '^(?:never|\\d+)$' } },
};

interface NamedHeader {
  readonly name: string;
  readonly description?: string;
  /** Absent: not with every answer of that status. */
  readonly required?: boolean;
}

export function describedHeaders(named: readonly NamedHeader[]): Record<string, HeaderObject> {
  const every = [{ name: 'cache-control', required: true }, ...named];
  return Object.fromEntries(every.map((header) => [header.name, headerObject(header)]));
}

function headerObject({ name, description, required = false }: NamedHeader): HeaderObject {
  const known = HEADERS[name];
  return {
    description: description ?? known?.description ?? '',
    required,
    schema: known?.schema ?? { type: 'string' },
  };
}
