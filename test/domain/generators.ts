/** Texts for property tests: image references that are right, almost right, and hostile. */
import fc from 'fast-check';

export const ODD_PIECES = [
  ...[
    '',
    '/',
    '//',
    ':',
    '::',
    '@',
    '.',
    '..',
    '-',
    '_',
    '__',
    '___',
    ' ',
    '\t',
    '\n',
    '\0',
    '%',
    '%2e',
    '%2f',
    '\\',
    '#',
    '?',
  ],
  ...[
    'https://',
    'user:pass@',
    '*',
    'A',
    'É',
    'ｄ',
    '。',
    'K',
    'ı',
    '🐳',
    '[',
    ']',
    '[::1]',
    '[::1]:5000',
    ':443',
    ':0443',
    ':99999',
  ],
  ...[
    '@sha256:',
    `@sha256:${'a'.repeat(64)}`,
    `@sha512:${'0'.repeat(128)}`,
    `@SHA256:${'a'.repeat(64)}`,
    `:${'t'.repeat(129)}`,
  ],
  ...[
    'docker.io',
    'index.docker.io',
    'registry-1.docker.io',
    'registry.hub.docker.com',
    'localhost',
    'quay.io',
    'library',
  ],
  ...['a'.repeat(64), 'f'.repeat(63), 'x'.repeat(256)],
];

export const hostText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      'docker.io',
      'INDEX.docker.io',
      'registry-1.docker.io',
      'registry.hub.docker.com',
      'quay.io',
      'Quay.io',
      'localhost',
    ],
    ...['registry', 'EVILHOST', '10.0.0.1', '[::1]', '[FE80::1]', 'a.b.c.example'],
  ),
  fc.stringMatching(/^[a-z0-9]{1,4}(?:[.-][a-zA-Z0-9]{1,4}){0,2}$/),
);

const port = fc.constantFrom('', '', ':443', ':0443', ':5000', ':05000', ':80', ':0');
const path = fc.stringMatching(
  /^[a-z0-9]{1,4}(?:[._-][a-z0-9]{1,3}){0,2}(?:\/[a-z0-9]{1,4}(?:__|--)?[a-z0-9]{1,2}){0,2}$/,
);
const tag = fc.oneof(fc.constant(''), fc.stringMatching(/^:[A-Za-z0-9_][A-Za-z0-9_.-]{0,5}$/));
const digest = fc.constantFrom(
  '',
  '',
  `@sha256:${'ab'.repeat(32)}`,
  `@sha384:${'0'.repeat(96)}`,
  `@sha512:${'f'.repeat(128)}`,
);

/** Mostly accepted. */
export const imageText: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.constant(''),
      hostText.chain((host) => port.map((digits) => `${host}${digits}/`)),
    ),
    path,
    tag,
    digest,
  )
  .map((parts) => parts.join(''));

/** One place of a good reference changed: where parsers disagree. */
export const mutatedText: fc.Arbitrary<string> = fc
  .tuple(
    imageText,
    fc.nat(),
    fc.nat(3),
    fc.oneof(fc.constantFrom(...ODD_PIECES), fc.string({ maxLength: 3, unit: 'grapheme' })),
  )
  .map(([text, at, cut, piece]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + piece + text.slice(start + cut);
  });

export const anyText: fc.Arbitrary<string> = fc.oneof(
  imageText,
  mutatedText,
  fc.array(fc.constantFrom(...ODD_PIECES), { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary' }),
);
