import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { configuredHost, type ConfiguredHost } from './host-config.ts';
import { hostMachine, type HostMachine } from './host-machine.ts';
import { CONFIGURATOR, SHELLS } from './shells.ts';

const FILE = '/etc/docker/daemon.json';
const PLAIN = ['a.example:5000', '[::1]:5000'];

describe.each(SHELLS)("docker's daemon.json under $name", (shell) => {
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
    system.says({ docker: { insecure: PLAIN } });
  });

  afterEach(() => system.end());

  const docker = (...words: string[]) => system.run('--runtime', 'docker', ...words);
  const json = (): unknown => JSON.parse(system.read(FILE));

  it('is made where there is none, and goes again', async () => {
    const before = system.everything();
    const outcome = await docker();
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toContain('to do: reload docker');
    expect(json()).toEqual({ 'insecure-registries': PLAIN });
    expect((await docker()).stdout).toBe('nothing to change (docker)\n');
    expect((await system.run('--remove')).status).toBe(0);
    expect(system.everything()).toEqual(before);
  });

  it('is not made where no registry needs it', async () => {
    system.says({ docker: {} });
    await docker();
    expect(system.exists(FILE)).toBe(false);
  });

  it.each([
    ['an empty object', '{}'],
    ['a spread empty object', '{\n}\n'],
    ['other keys', '{\n\t"debug": true,\n\t"log-opts": {"max-size": "10m"}\n}'],
    ['one line', '{"debug":true}'],
    ['line ends of Windows', '{\r\n  "debug": true\r\n}\r\n'],
    ['a list', '{"insecure-registries": ["mine:1"], "debug": false}\n'],
    ['a spread list', '{\n  "insecure-registries": [\n    "mine:1",\n    "mine:2"\n  ]\n}\n'],
    ['an empty list', '{"insecure-registries": [ ], "a": [1, -2.5e3, null]}'],
    [
      'the same key elsewhere',
      '{"x": {"insecure-registries": ["a.example:5000"]}, "y": [{"insecure-registries": []}]}',
    ],
    ['strings like JSON', String.raw`{"a": "\"insecure-registries\": [", "b": "]}\\", "c": "\u005b"}`],
  ])('with %s gets what is missing, keeps every other byte, and is brought back', async (_, text) => {
    system.put(FILE, text, 0o640);
    chmodSync(join(system.root, FILE), 0o640);
    const before = system.everything();
    expect(await docker()).toMatchObject({ status: 0, stderr: '' });
    expect(json()).toMatchObject(objectOf(text));
    for (const registry of PLAIN) expect(system.read(FILE)).toContain(JSON.stringify(registry));
    expect(system.everything()[FILE]).toMatch(/^file 640 /);
    expect((await docker()).stdout).toBe('nothing to change (docker)\n');
    await system.run('--remove');
    expect(system.everything()).toEqual(before);
  });

  it('keeps what others added meanwhile', async () => {
    system.put(FILE, '{"debug": true}');
    await docker();
    system.put(
      FILE,
      '{"insecure-registries": ["theirs:1", "a.example:5000", "[::1]:5000", "theirs:2"], "debug": false}',
    );
    system.says({ docker: { insecure: ['[::1]:5000'] } });
    await docker();
    expect(json()).toEqual({ 'insecure-registries': ['theirs:1', '[::1]:5000', 'theirs:2'], debug: false });
    await system.run('--remove');
    expect(system.read(FILE)).toBe('{"insecure-registries": ["theirs:1", "theirs:2"], "debug": false}');
  });

  it('keeps an entry that was there before, also when Pullpass named it for a while', async () => {
    system.put(FILE, '{"insecure-registries": ["a.example:5000"]}');
    await docker();
    system.says({ docker: {} });
    await docker();
    expect(system.read(FILE)).toBe('{"insecure-registries": ["a.example:5000"]}');
  });

  it('gets back an entry that somebody took out while it is needed', async () => {
    await docker();
    system.put(FILE, '{"debug": true}');
    await docker();
    expect(json()).toEqual({ debug: true, 'insecure-registries': PLAIN });
    await system.run('--remove');
    expect(json()).toEqual({ debug: true });
  });

  it('that was made and has others settings since, stays with those', async () => {
    await docker();
    system.put(FILE, '{\n  "insecure-registries": ["a.example:5000", "[::1]:5000"],\n  "debug": true\n}\n');
    await system.run('--remove');
    expect(system.read(FILE)).toBe('{\n  "debug": true\n}\n');
  });

  it.each([
    ['half a document', '{"debug": '],
    ['a list', '[]'],
    ['a comment', '{ // mine\n}'],
    ['a comma too many', '{"a": 1,}'],
    ['an empty file', ''],
    ['the same key twice', '{"insecure-registries": [], "insecure-registries": []}'],
    ['an escaped key', String.raw`{"insecure\u002dregistries": []}`],
    ['the key in capitals, which dockerd takes, too', '{"Insecure-Registries": []}'],
    ['a list that is none', '{"insecure-registries": "a"}'],
    ['a list of other things', '{"insecure-registries": ["a", 1]}'],
    ['a NUL', '{"a": "\0"}'],
    ['a control character in a string', '{"a": "\n"}'],
    ['a byte order mark', '\uFEFF{}'],
    ['a number that is none', '{"a": 01}'],
  ])('with %s is left, the rest is installed, and it says what to write', async (_, text) => {
    const ca = '/etc/docker/certs.d/quay.io/ca.crt';
    system.says({ docker: { insecure: PLAIN, files: { [ca]: 'x' } } });
    system.put(FILE, text);
    const outcome = await docker();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toContain(
      'left as it is. Write into its "insecure-registries": ["a.example:5000", "[::1]:5000"], and reload docker.',
    );
    expect([system.read(FILE), system.read(ca)]).toEqual([text, 'x']);
  });

  it('that is no longer understood when it is to be cleaned is left, and the entries to take out are named', async () => {
    system.put(FILE, '{}');
    await docker();
    system.put(FILE, '{"insecure-registries": ["a.example:5000", "[::1]:5000"],}');
    const outcome = await system.run('--remove');
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toContain('Take out of its "insecure-registries": [::1]:5000 a.example:5000.');
    system.put(FILE, '{"insecure-registries": ["a.example:5000", "[::1]:5000"]}');
    expect((await system.run('--remove')).status).toBe(0);
    expect(system.read(FILE)).toBe('{}');
  });

  it('is left where docker has the flag, because dockerd does not start with both', async () => {
    system.put('/etc/default/docker', '# DOCKER_OPTS="--insecure-registry no"\n');
    expect((await docker()).status).toBe(0);
    await system.run('--remove');
    system.put('/etc/default/docker', 'DOCKER_OPTS="--insecure-registry mine:1"\n');
    const outcome = await docker();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(/--insecure-registry on its command line .*etc\/default\/docker\).*left as it is/);
    expect(system.exists(FILE)).toBe(false);
  });

  it('is left where it is a link', async () => {
    system.put('/etc/docker/real.json', '{}');
    symlinkSync('real.json', join(system.root, FILE));
    const outcome = await docker();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(/is a symbolic link, and none is followed/);
    expect(system.read('/etc/docker/real.json')).toBe('{}');
  });

  it('is shown in a dry run without the lines around a change, and its reload', async () => {
    system.put(FILE, '{\n  "http-proxy": "http://user:secret@proxy",\n  "debug": true\n}\n');
    const { status, stdout } = await docker('--dry-run');
    expect(status).toBe(10);
    expect(stdout).toContain('+  "insecure-registries": ["a.example:5000", "[::1]:5000"]');
    expect(stdout).toContain('would reload docker');
    expect(stdout).not.toContain('secret');
  });
});

function objectOf(text: string): object {
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null) throw new Error('not an object');
  const { ['insecure-registries']: _changed, ...rest }: Record<string, unknown> = { ...document };
  return rest;
}

/** The script's own function, without the rest of it. */
function functionOf(script: string, ...names: readonly string[]): string {
  return names
    .map((name) => {
      const text = new RegExp(`^${name}(?:\\(\\) \\{\\n[\\s\\S]*?\\n\\}|='\\n[\\s\\S]*?\\n {2}\\}')\\n`, 'm').exec(
        script,
      )?.[0];
      if (text === undefined) throw new Error(`there is no ${name} in the script`);
      return text;
    })
    .join('\n');
}

const SPACE = fc.constantFrom('', ' ', '\n', '\r\n', '\t', '\n  ', '\r\n    ');
const KEY = fc.oneof(
  fc.constantFrom('insecure-registries', 'a', 'registry-mirrors', 'x]', '{', ',', '":', 'insecure-registries ', 'é'),
  fc.string({ maxLength: 6 }),
);
const HOST = fc.constantFrom('a.example', 'b.example:5000', '[::1]:5000', '10.0.0.1:80', 'c');

interface Written {
  readonly text: string;
}

/** A value as somebody might write it, with space anywhere. */
const VALUE = fc.letrec<{ value: Written; list: Written; object: Written }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('true', 'false', 'null', '0', '-1.5e+3', '12', '[]', '{}').map((text) => ({ text })),
    fc
      .oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('"]', '\\', '}{', '\\"', '"insecure-registries": ['),
      )
      .map((text) => ({ text: JSON.stringify(text) })),
    tie('list'),
    tie('object'),
  ),
  list: fc
    .tuple(fc.array(tie('value'), { maxLength: 3 }), SPACE)
    .map(([items, space]) => ({ text: `[${space}${items.map(({ text }) => text).join(`${space},`)}${space}]` })),
  object: fc.tuple(fc.array(fc.tuple(KEY, tie('value')), { maxLength: 3 }), SPACE).map(([members, space]) => ({
    text: `{${space}${members.map(([key, { text }]) => `${JSON.stringify(key)}${space}:${space}${text}`).join(`,${space}`)}${space}}`,
  })),
})).value;

/** A daemon.json that dockerd could have: no name twice, none escaped, none of ours in another case. */
const DOCUMENT = fc
  .tuple(
    fc.uniqueArray(fc.tuple(KEY, VALUE), { maxLength: 4, selector: ([key]) => key }),
    fc.option(fc.uniqueArray(fc.oneof(HOST, fc.constantFrom('mine', '10.0.0.0/8', '"', ']')), { maxLength: 4 }), {
      nil: undefined,
    }),
    fc.nat(),
    SPACE,
    SPACE,
  )
  .map(([members, list, at, space, gap]) => {
    const others = members.filter(
      ([key]) => key.toLowerCase() !== 'insecure-registries' && !JSON.stringify(key).includes('\\'),
    );
    const texts = others.map(([key, { text }]) => `${JSON.stringify(key)}:${gap}${text}`);
    const hosts = list?.map((host) => JSON.stringify(host)).join(`,${gap}`);
    if (hosts !== undefined)
      texts.splice(at % (texts.length + 1), 0, `"insecure-registries"${space}:${gap}[${space}${hosts}${gap}]`);
    return `${space}{${gap}${texts.join(`${space},${gap}`)}${space}}${gap}`;
  });

describe.each(SHELLS)('the editor of daemon.json under $name', (shell) => {
  let host: HostMachine;
  const code = functionOf(readFileSync(CONFIGURATOR, 'utf8'), 'JSON', 'edit_daemon');

  beforeAll(() => {
    host = hostMachine(shell, 'http://127.0.0.1:1');
  });

  afterAll(() => {
    host.remove();
  });

  const edit = async (text: string, drop: readonly string[], add: readonly string[], key: 'yes' | 'no') => {
    const script = `LC_ALL=C; export LC_ALL\n${code}\n: >report; { cat; printf '\\001'; } | edit_daemon report "$1" "$2" "$3"; s=$?; printf '\\n--%s\\n' "$s"; cat report`;
    const { stdout } = await host.run(['-c', script, 'sh', drop.join(' '), add.join(' '), key], text);
    const parts = /^(?<text>[\s\S]*)\n--(?<status>\d+)\n(?<report>[\s\S]*)$/.exec(stdout)?.groups ?? {};
    return { text: parts['text'] ?? '', status: Number(parts['status']), report: parts['report'] ?? '' };
  };
  const listOf = (text: string): readonly unknown[] | undefined => {
    const document: unknown = JSON.parse(text);
    const list: unknown =
      typeof document === 'object' && document !== null ? Reflect.get(document, 'insecure-registries') : undefined;
    return Array.isArray(list) ? list : undefined;
  };
  const runs = { numRuns: 120 };

  it('adds what is missing at the end of the list, changes nothing else, and its way back is exact', async () => {
    await fc.assert(
      fc.asyncProperty(DOCUMENT, fc.uniqueArray(HOST, { minLength: 1 }), async (text, add) => {
        const before = listOf(text) ?? [];
        const missing = add.filter((entry) => !before.includes(entry));
        const after = await edit(text, [], add, 'no');
        expect(after.status).toBe(missing.length === 0 ? 10 : 0);
        if (after.status === 10) return;
        expect(JSON.parse(after.text)).toEqual({ ...objectWith(text), 'insecure-registries': [...before, ...missing] });
        expect(after.report.split('\n').filter((line) => line.startsWith('added '))).toEqual(
          missing.map((entry) => `added ${entry}`),
        );
        const back = await edit(after.text, missing, [], after.report.includes('key\n') ? 'yes' : 'no');
        expect(back).toEqual({ text, status: 0, report: '' });
      }),
      runs,
    );
  });

  it('takes out what it is told to, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(DOCUMENT, fc.uniqueArray(HOST, { minLength: 1 }), async (text, drop) => {
        const before = listOf(text);
        const after = await edit(text, drop, [], 'no');
        const left = before?.filter((entry) => !drop.some((dropped) => dropped === entry));
        expect(after.status).toBe(left?.length === before?.length ? 10 : 0);
        if (after.status === 0)
          expect(JSON.parse(after.text)).toEqual({ ...objectWith(text), 'insecure-registries': left });
      }),
      runs,
    );
  });

  it('never takes for JSON what is none', async () => {
    await fc.assert(
      fc.asyncProperty(
        DOCUMENT,
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '{', '\\', ':', '0', 'x', '\u0001', '\u000B'),
        async (text, at, put) => {
          const place = at % (text.length + 1);
          const spoilt = text.slice(0, place) + put + text.slice(place + (put === '' ? 1 : 0));
          const after = await edit(spoilt, [], ['new.example'], 'no');
          if (after.status === 12) return;
          expect(after.status).toBe(0);
          expect(listOf(spoilt) ?? []).toEqual((listOf(after.text) ?? []).slice(0, -1));
        },
      ),
      runs,
    );
  });

  function objectWith(text: string): Record<string, unknown> {
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' ? { ...document } : {};
  }
});
