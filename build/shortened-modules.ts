/** Sources of the AWS SDK's generator, put shorter. What does not look as expected stays as it is. */
import * as z from 'zod/mini';

const manifest = z.object({ version: z.string() });

/** Clients read their version from their package.json, and would bring all of it along. */
export function shortenManifest(source: string): string {
  const { version } = manifest.parse(JSON.parse(source));
  return JSON.stringify({ version });
}

/**
 * One class. What its constructor hands up is what the fields say once more, and the members that it copies are assigned by
 * whoever makes the error of an answer. The prototype has to be set, since the base class sets its own.
 */
const ERROR_CLASS =
  /export class (?<name>\w+) extends __BaseException \{\s+static shapeId = (?<shape>"[^"]+");\s+name = "\k<name>";\s+\$fault = (?<fault>"\w+");\s+(?:\w+;\s+)*constructor\(opts\) \{\s+super\(\{\s+name: "\k<name>",\s+\$fault: \k<fault>,\s+\.\.\.opts,\s+\}\);\s+Object\.setPrototypeOf\(this, \k<name>\.prototype\);\s+(?:this\.(?<member>\w+) = opts\.\w+;\s+)*\}\s+\}/g;

const MAKE_CLASS = `
function errorClass(id, fault) {
  return class extends __BaseException {
    static shapeId = id;
    name = id.slice(id.indexOf('#') + 1);
    $fault = fault;
    constructor(options) {
      super(options);
      Object.setPrototypeOf(this, new.target.prototype);
    }
  };
}
`;

/** A service has dozens of errors, and each is a class of its own. */
export function shortenErrors(source: string): string {
  const short = source.replace(ERROR_CLASS, 'export const $<name> = /* @__PURE__ */ errorClass($<shape>, $<fault>);');
  return short === source ? source : short + MAKE_CLASS;
}

/** What regions are called in English. */
export function shortenPartitions(source: string): string {
  return source.replace(/"description": "[^"]*"/g, '');
}

const CONSTANT = /^const (?<name>_\w+) = (?<text>"[^"\\]*");$/gm;

/**
 * Schemas of operations that nobody uses. `{ [name]: … }` could do anything as far as a bundler knows, and is kept for that;
 * `{ "text": … }` does nothing and can be left out.
 */
export function plainSchemaKeys(source: string): string {
  const constants = new Map([...source.matchAll(CONSTANT)].map(([, name = '', text = '']) => [name, text]));
  return source.replace(/\[(_\w+)\]:/g, (key, name: string) => {
    const text = constants.get(name);
    return text === undefined ? key : `${text}:`;
  });
}
