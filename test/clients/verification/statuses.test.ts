/** What verifying tells about real registries: every status and the warning, by API and at the command line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERIFICATION_STATUSES, VERIFICATION_WARNINGS } from '../../../lib/domain/registry.ts';
import { optionAgainst } from '../../../lib/cli/login-advice.ts';
import type { Login } from '../support/auth-file.ts';
import { inTurns } from '../support/in-turns.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { available } from '../support/tools.ts';
import { addAtCommandLine, addRegistry, verifyRegistry, type Told } from './administrator.ts';
import type { Asked, Case } from './case.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { LOGIN_CASES } from './login-cases.ts';
import { TRANSPORT_CASES } from './transport-cases.ts';

const ALL = available('unshare', 'docker-registry', 'nginx', 'htpasswd', 'openssl', 'skopeo');
const CASES = [...LOGIN_CASES, ...TRANSPORT_CASES];
const HOST_NAMES = { 'registry.test': '127.0.0.1', 'metadata.test': '169.254.169.254' };

interface Answers {
  readonly added: Told;
  readonly verified: Told;
}

let scene: Scene;
let fleet: Fleet;
let answers: ReadonlyMap<Case, Promise<Answers>>;
/** What was on the screen. */
let screens: ReadonlyMap<Kind, Promise<string>>;

/** One case for every status, and every warning. */
const KINDS = [...VERIFICATION_STATUSES, ...VERIFICATION_WARNINGS] as const;
type Kind = (typeof KINDS)[number];

function kindOf({ status, warning }: Pick<Case, 'status' | 'warning'>): Kind {
  return warning ?? status;
}

function caseOf(kind: Kind): Case {
  const found = CASES.find((each) => kindOf(each) === kind);
  if (found === undefined) throw new Error(`no registry is ${kind}`);
  return found;
}

function loginOf({ login }: Asked): Login {
  return login === 'wrong' ? fleet.wrong : fleet.login;
}

async function ask(each: Case): Promise<Answers> {
  const asked = each.asked(fleet);
  const login = loginOf(asked);
  const [added, verified] = await Promise.all([addRegistry(scene, asked, login), verifyRegistry(scene, asked, login)]);
  return { added, verified };
}

beforeAll(async () => {
  scene = await openScene(async () => ({ hostNames: HOST_NAMES }));
  fleet = await startFleet(scene);
  // Some take until the limit of a login; of the others none may, however slow the machine is.
  const inTurn = inTurns(8);
  answers = new Map(CASES.map((each) => [each, inTurn(() => ask(each))]));
  screens = new Map(
    KINDS.map((kind) => {
      const asked = caseOf(kind).asked(fleet);
      return [kind, inTurn(() => addAtCommandLine(scene, asked, loginOf(asked)))];
    }),
  );
  await Promise.allSettled([...answers.values(), ...screens.values()]);
});

afterAll(() => scene.end());

describe.runIf(ALL)('a registry is verified', () => {
  it.each(CASES.map((each) => [each.registry, each.what, kindOf(each), each] as const))(
    '%s, %s: %s',
    async (_registry, _what, _kind, each) => {
      const told = await answers.get(each);
      const wanted = { status: each.status, warning: each.warning ?? null };
      expect(told?.verified).toMatchObject(wanted);
      expect(told?.verified.advice).toContain(each.says);
      expect(told?.added).toMatchObject(wanted);
      // The same sentence, whether it is said while adding or afterwards.
      if (told?.added.advice !== undefined) expect(told.added.advice).toBe(told.verified.advice);
    },
  );

  it.each(KINDS)('and %s is seen at one registry at least', async (kind) => {
    const seen = await Promise.all(answers.values());
    expect(seen.map(({ verified: { status, warning } }) => warning ?? status)).toContain(kind);
  });
});

describe.runIf(ALL)('at the command line', () => {
  it.each(KINDS)('%s is said in the API’s own words, with the option that helps', async (kind) => {
    const { asked, status, warning } = caseOf(kind);
    const advice = (await answers.get(caseOf(kind)))?.verified.advice ?? '';
    const screen = await screens.get(kind);
    if (status === 'verified') {
      expect(screen).toContain(`0\nadded ${asked(fleet).address} `);
      expect(screen).toContain('  login: verified; credential: fresh');
      expect(screen?.includes('warning: ')).toBe(warning !== undefined);
      if (warning !== undefined) expect(screen).toContain(`warning: ${warning}: `);
      return;
    }
    const option = optionAgainst({ status, advice });
    const second = option === undefined ? '' : `  ${option}\n`;
    expect(screen).toBe(`1\npullpass: ${advice} Nothing was stored.\n${second}`);
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('a wrong password was tried once at a time, and nothing else ever went to another account', () => {
    const accounts = new Set(fleet.token.grants.map(({ account }) => account));
    expect([...accounts].toSorted()).toEqual(['(anybody)', 'anna', undefined]);
  });

  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
