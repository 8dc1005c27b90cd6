/**
 * Run by run.ts where there is only loopback: starts Pullpass, fills it, and has Schemathesis ask it as an administrator, a
 * viewer and an agent. Fails when an answer is not as the document says, when one holds a secret, or when too few were asked.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { closed } from '../support/described-answers.ts';
import { neverSeen, summary } from './report.ts';
import { answeredRequests, startService, type Service } from './service.ts';
import { settingsOf, type Round } from './settings.ts';
import { seed, type World } from './world.ts';

const AT_LEAST = 20_000;

const HOSTS_ASK = '/(?:resolve|docker-credential|explain|docker-config|host-config/.*|rejections)$';
const PEOPLE_READ = '^GET /v1/(?:registries|policy|environments/.*/policy|status|audit|environments/.*/refusals)';

/** Those of one list run side by side; whoever changes the policies comes when the hosts have pulled. */
const ROUNDS: readonly (readonly Round[])[] = [
  [
    {
      ...{ name: 'agent', tokenVariable: 'AGENT_TOKEN', examples: 15 },
      deep: { names: `^[A-Z]+ /v1/environments/[^/]+${HOSTS_ASK}`, examples: 680 },
    },
    {
      ...{ name: 'viewer', tokenVariable: 'VIEWER_TOKEN', except: '^/iam/', examples: 15 },
      deep: { names: PEOPLE_READ, examples: 370 },
    },
  ],
  [
    {
      ...{ name: 'admin-registries', tokenVariable: 'ADMIN_TOKEN', only: '^/v1/registries', examples: 450 },
      deep: { names: '/verify$', examples: 200 },
    },
    {
      ...{ name: 'admin-others', tokenVariable: 'ADMIN_TOKEN', except: '^/(?:iam|v1/registries)', examples: 250 },
      deep: { names: '^PUT /v1/.*policy$', examples: 340 },
    },
  ],
];

const [schemathesis = '', seedText = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'pullpass-api-'));
try {
  if (!(await runIn(folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function runIn(root: string): Promise<boolean> {
  const startedAt = Date.now();
  const service = await startService(root);
  try {
    const world = await seed(service.call);
    const document = await service.call('GET /openapi.json');
    const before = answeredRequests(service.log()).length;
    writeFileSync(join(root, 'openapi.json'), JSON.stringify(closed(document)));
    const tokens = {
      ADMIN_TOKEN: service.adminToken,
      AGENT_TOKEN: world.tokens.agent,
      VIEWER_TOKEN: world.tokens.viewer,
    };
    writeFileSync(join(root, 'canaries.json'), JSON.stringify([...world.secrets, ...Object.values(tokens)]));
    const passed: boolean[] = [];
    for (const rounds of ROUNDS) {
      passed.push(...(await Promise.all(rounds.map((round) => runRound(round, { root, world, tokens, service })))));
    }
    const log = service.log();
    const requests = answeredRequests(log).slice(before);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    console.log(summary(requests));
    console.log(neverSeen(document, requests));
    console.log(`${requests.length} requests answered in ${seconds} s, seed ${seedText}; ${AT_LEAST} are asked for`);
    const leaks = world.secrets.filter((secret) => log.includes(secret)).length;
    if (leaks > 0) console.log(`${leaks} secrets are in the log of the service`);
    const ok = passed.every(Boolean) && leaks === 0 && requests.length >= AT_LEAST;
    console.log(ok ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return ok;
  } finally {
    await service.end();
  }
}

interface Scene {
  readonly root: string;
  readonly world: World;
  readonly tokens: Readonly<Record<string, string>>;
  readonly service: Service;
}

async function runRound(round: Round, { root, world, tokens, service }: Scene): Promise<boolean> {
  const own = join(root, round.name);
  mkdirSync(own);
  const settings = join(own, 'schemathesis.toml');
  writeFileSync(settings, settingsOf(round, world, Number(seedText)));
  const parameters = ['--config-file', settings, 'run', join(root, 'openapi.json'), '--url', service.url, '--no-color'];
  const child = spawn(schemathesis, parameters, {
    cwd: own,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: own,
      PYTHONPATH: import.meta.dirname,
      PYTHONDONTWRITEBYTECODE: '1',
      SCHEMATHESIS_HOOKS: 'hooks',
      PULLPASS_CANARIES: join(root, 'canaries.json'),
      ...tokens,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const status = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  console.log(`\n== ${round.name}\n${output}`);
  return status === 0;
}
