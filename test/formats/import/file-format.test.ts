import { describe, expect, it } from 'vitest';
import { recogniseFormat } from '../../../lib/formats/import/file-format.ts';
import { shellWord, shown } from '../../../lib/formats/import/shown.ts';

describe('the format of a file', () => {
  it.each([
    { text: '{"pullpass": 1}', format: 'pullpass' },
    { text: '{"pullpass": 7, "auths": {}}', format: 'pullpass' },
    { text: '{"auths": {}}', format: 'docker-config' },
    { text: '{"credHelpers": {}}', format: 'docker-config' },
    { text: '{"credsStore": "x"}', format: 'docker-config' },
    { text: '{"quay.io": {"auth": "x"}}', format: 'docker-config' },
    { text: '{"apiVersion": "v1", "kind": "Secret"}', format: 'dockerconfigjson' },
    { text: '{"kind": "List", "items": []}', format: 'dockerconfigjson' },
    { text: 'apiVersion: v1\nkind: Secret\n', format: 'dockerconfigjson' },
    { text: '---\nkind: List\n', format: 'dockerconfigjson' },
    { text: '# comment\nunqualified-search-registries = ["docker.io"]', format: 'registries-conf' },
    { text: '[[registry]]\nlocation = "x"', format: 'registries-conf' },
    { text: '[registries.block]\nregistries = []', format: 'registries-conf' },
    { text: 'quay.io,index.docker.io\n', format: 'rancher-whitelist' },
    { text: 'harbor.example:5000', format: 'rancher-whitelist' },
    { text: '', format: undefined },
    { text: 'hunter2', format: undefined },
    { text: 'quay.io, not an entry', format: undefined },
    { text: '{}', format: undefined },
    { text: '[]', format: undefined },
    { text: '"quay.io"', format: undefined },
    { text: '42', format: undefined },
    { text: 'null', format: undefined },
    { text: '{"anything": {"else": 1}}', format: undefined },
  ])('of $text is $format', ({ text, format }) => {
    expect(recogniseFormat(text)).toBe(format);
  });
});

describe('texts of a file in messages', () => {
  it.each([
    { text: 'quay.io', message: '"quay.io"' },
    { text: 'me:secret@quay.io', message: '"…@quay.io"' },
    { text: 'https://a@b:secret@quay.io', message: '"…@quay.io"' },
    { text: 'a"b\n', message: '"a\\"b\\n"' },
    { text: 'x'.repeat(200), message: `"${'x'.repeat(100)}…"` },
  ])('$text', ({ text, message }) => {
    expect(shown(text)).toBe(message);
  });

  it.each([
    { text: 'quay.io/team:1', word: 'quay.io/team:1' },
    { text: '*', word: "'*'" },
    { text: "a'b", word: "'a'\\''b'" },
    { text: '$(reboot)', word: "'$(reboot)'" },
    { text: 'robot$pull', word: "'robot$pull'" },
    { text: '', word: "''" },
  ])('as a word of a command: $text', ({ text, word }) => {
    expect(shellWord(text)).toBe(word);
  });
});
