import { afterEach, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';
import { problem, startScriptedApi, type ScriptedApi } from './scripted-api.ts';

const CALL = 'GET /v1/environments/prod/host-config/docker';
const DOCUMENT = {
  runtime: 'docker',
  environment: 'prod',
  enforces: 'nothing',
  notes: ['docker cannot hold policy'],
  files: [{ path: '/etc/docker/certs.d/h/ca.crt', mode: '0644', content: 'line one\nline \u001b[2Jtwo\n' }],
  daemon: { 'insecure-registries': ['h.example:5000'] },
};

let api: ScriptedApi | undefined;

afterEach(() => api?.close());

async function ran(words: readonly string[], answer: Parameters<typeof startScriptedApi>[0][string]) {
  api = await startScriptedApi({ [CALL]: answer });
  return await runCommand(['host-config', ...words], { url: api.url });
}

it('prints notes before files, and nothing that a terminal would act on', async () => {
  const { exitCode, stdout, stderr } = await ran(['docker', '--env', 'prod'], { body: DOCUMENT });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    'docker can enforce: nothing',
    'note: docker cannot hold policy',
    'in daemon.json: "insecure-registries": ["h.example:5000"]',
    '',
    '==> /etc/docker/certs.d/h/ca.crt (mode 0644)',
    'line one',
    'line [2Jtwo',
    '',
  ]);
});

it('says so where no file is needed', async () => {
  const { stdout } = await ran(['docker', '--env', 'prod'], {
    body: { ...DOCUMENT, notes: [], files: [], daemon: undefined },
  });
  expect(stdout).toBe('docker can enforce: nothing\nno files are needed\n');
});

it('prints the document itself for scripts', async () => {
  const { stdout } = await ran(['docker', '--env', 'prod', '--json'], { body: DOCUMENT });
  expect(JSON.parse(stdout)).toEqual(DOCUMENT);
});

it('knows the runtimes, and asks nobody about another', async () => {
  const { exitCode, stderr } = await ran(['rkt', '--env', 'prod'], { body: DOCUMENT });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('docker, containerd, podman, kubernetes');
  expect(api?.calls).toEqual([]);
});

it('says what Pullpass refused', async () => {
  const { exitCode, stderr } = await ran(
    ['docker', '--env', 'prod'],
    problem(403, 'environment_not_allowed', 'this token does not open that environment'),
  );
  expect(exitCode).toBe(3);
  expect(stderr).toContain('does not open that environment');
});
