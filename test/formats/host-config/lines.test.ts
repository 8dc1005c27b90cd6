import { expect, it } from 'vitest';
import { hostConfigLines } from '../../../lib/formats/host-config/lines.ts';
import type { HostConfig } from '../../../lib/formats/host-config/wanted.ts';
import { wantedFor } from '../../support/wanted-host-config.ts';

const CONFIG: HostConfig = {
  runtime: 'docker',
  environment: wantedFor({}).environment,
  enforces: 'nothing',
  notes: ['one', 'a note\nfile 0644 /etc/passwd that\ttries'],
  files: [
    { path: '/etc/docker/certs.d/h:5000/ca.crt', mode: '0644', content: 'ü\n' },
    { path: '/etc/docker/certs.d/empty/ca.crt', mode: '0644', content: '' },
  ],
  daemon: { 'insecure-registries': ['h.example:5000'] },
};

it('is one item a line, contents in one line of Base64, and counts its lines', () => {
  expect(hostConfigLines(CONFIG)).toBe(
    [
      'pullpass-host-config 1',
      'runtime docker',
      'environment prod',
      'enforces nothing',
      'note one',
      'note a note file 0644 /etc/passwd that tries',
      'file 0644 /etc/docker/certs.d/h:5000/ca.crt w7wK',
      'file 0644 /etc/docker/certs.d/empty/ca.crt -',
      'insecure-registry h.example:5000',
      'end 9',
      '',
    ].join('\n'),
  );
});

it('breaks no Base64 into lines, however long', () => {
  const content = 'x'.repeat(100_000);
  const lines = hostConfigLines({ ...CONFIG, files: [{ path: '/etc/x', mode: '0644', content }] }).split('\n');
  const [, , , encoded = ''] = lines.find((line) => line.startsWith('file '))?.split(' ') ?? [];
  expect(Buffer.from(encoded, 'base64').toString()).toBe(content);
});
