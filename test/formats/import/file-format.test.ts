import { describe, expect, it } from 'vitest';
import { recogniseFormat } from '../../../lib/formats/import/file-format.ts';
import { shellWord, shownAddress, shownName, shownPath } from '../../../lib/formats/import/shown.ts';

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
    { text: 'mirrors:\n  docker.io:\n    endpoint: []\n', format: 'registries-yaml' },
    { text: '# k3s\nconfigs:\n  quay.io:\n', format: 'registries-yaml' },
    { text: '{"configs": {"quay.io": {}}}', format: 'registries-yaml' },
    { text: 'server = "https://quay.io"', format: 'hosts-toml' },
    { text: '# containerd\n[host."https://a.example"]\n', format: 'hosts-toml' },
    { text: '{"insecure-registries": []}', format: 'daemon-json' },
    { text: '{"registry-mirrors": [], "log-driver": "x"}', format: 'daemon-json' },
    { text: '{"AUTHS": {}}', format: 'docker-config' },
    { text: '{"quay.io": {"Auth": "x"}}', format: 'docker-config' },
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
  it.each(['quay.io', 'harbor.example:5000/team', '*.example'])('an address is shown: %s', (text) => {
    expect(shownAddress(text)).toBe(JSON.stringify(text));
  });

  it.each(['me:secret@quay.io', 'https://quay.io', 'secret', 'a"b\n', '', 'x.'.repeat(500), 1, undefined])(
    'and no other text: %j',
    (text) => {
      expect(shownAddress(text)).toBeUndefined();
    },
  );

  it.each([
    ['ecr-login', true],
    ['kube-system', true],
    ['Secret!', false],
    ['c2VjcmV0Cg==', false],
    [1, false],
  ])('a name is shown: %j, %j', (text, isShown) => {
    expect(shownName(text)).toBe(isShown ? JSON.stringify(text) : undefined);
  });

  it.each([
    ['/etc/docker/certs.d/quay.io/ca.crt', true],
    ['a\nb', false],
    ['$(reboot)', false],
    ['/'.repeat(300), false],
  ])('a path is shown: %j, %j', (text, isShown) => {
    expect(shownPath(text)).toBe(isShown ? JSON.stringify(text) : undefined);
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
