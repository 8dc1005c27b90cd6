/** Plans of what no installation at hand could show: ended exceptions, agents that differ, keys of Google, roles of AWS. */
import { describe, expect, it } from 'vitest';
import { planImport } from '../../../lib/cli/import/plan.ts';
import type { Plan, PlanOptions } from '../../../lib/cli/import/plan-steps.ts';
import type { Present, PresentRegistry } from '../../../lib/cli/import/present.ts';
import { readOwnExport } from '../../../lib/formats/import/own-export.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { NOTHING, plainSettings, type WantedRegistry } from '../../../lib/formats/import/wanted.ts';
import { canonicalAddress } from '../../support/registry-fixture.ts';
import { textWith } from '../../support/text-like.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const ENDED = '2026-03-01T11:59:59.000Z';
const LATER = '2027-01-01T00:00:00.000Z';
const PRINCIPAL = 'arn:aws:iam::123456789012:role/web-*';
const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

const OPTIONS: PlanOptions = { replaceSecrets: false, allowOverride: false, now: NOW };
const EMPTY: Present = { registries: [], policies: new Map(), agents: [] };

function plan(
  document: Readonly<Record<string, unknown>>,
  present: Partial<Present>,
  options: Partial<PlanOptions> = {},
): Plan {
  const wanted = readOwnExport(JSON.stringify({ pullpass: 1, ...document }));
  if (!wanted.ok) throw new Error(wanted.failure.what);
  return planImport(wanted.value, { ...EMPTY, ...present }, { ...OPTIONS, ...options });
}

describe('a policy', () => {
  const policy = {
    whitelist: ['a.example'],
    deny: ['b.example'],
    alwaysAllow: [],
    exceptions: [],
    defaultRegistry: null,
    mode: null,
    revision: 7,
  };
  const exception = { entry: 'x.example', reason: 'why', until: ENDED };

  it('keeps the fields that the file leaves out', () => {
    const present = { policies: new Map([[undefined, policy]]) };
    const [step] = plan({ policies: { organisation: { mode: 'audit' } } }, present).steps;
    const { revision: _none, ...fields } = policy;
    expect(step).toMatchObject({ revision: 7, body: { ...fields, mode: 'audit' }, changes: [{ field: 'mode' }] });
  });

  it('of a Pullpass that knows no exceptions is not sent any', () => {
    const { alwaysAllow: _a, exceptions: _e, ...older } = policy;
    const [step] = plan(
      { policies: { organisation: { mode: 'audit' } } },
      { policies: new Map([[undefined, older]]) },
    ).steps;
    expect(step?.subject === 'policy' ? Object.keys(step.body).toSorted() : []).toEqual([
      'defaultRegistry',
      'deny',
      'mode',
      'whitelist',
    ]);
  });

  describe('with a list that cannot be read as a whole', () => {
    const held = {
      ...policy,
      alwaysAllow: ['p.example'],
      exceptions: [{ entry: 'x.example', reason: 'why', until: LATER }],
    };
    const present = { policies: new Map([[undefined, held]]) };

    it.each([
      { list: 'deny', entries: ['bad entry!', '*.', 'new.example'], is: ['b.example', 'new.example'] },
      { list: 'alwaysAllow', entries: ['bad entry!', 'new.example'], is: ['new.example'] },
      { list: 'exceptions', entries: [{ entry: 'bad entry!', reason: 'why', until: LATER }], is: [] },
    ])('opens nothing: $list', ({ list, entries, is }) => {
      const made = plan({ policies: { organisation: { [list]: entries } } }, present);
      expect(made.steps).toMatchObject([{ body: { [list]: is } }]);
      expect(made.leftOut).toContainEqual({
        place: `policies.organisation.${list}`,
        what: textWith('cannot be read as a whole'),
        advice: textWith('import again'),
      });
    });

    it('keeps the whitelist that is there', () => {
      const made = plan({ policies: { organisation: { whitelist: ['bad entry!', 'new.example'] } } }, present);
      expect(made.steps).toEqual([]);
      expect(made.leftOut.map(({ what }) => what)).toContain('cannot be read as a whole, so the present one stays');
    });

    it('restricts by what can be read where there is no whitelist', () => {
      const open = { policies: new Map([[undefined, { ...held, whitelist: null }]]) };
      const made = plan({ policies: { organisation: { whitelist: ['bad entry!', 'new.example'] } } }, open);
      expect(made.steps).toMatchObject([{ body: { whitelist: ['new.example'] } }]);
    });

    it('drops nothing for lists that are null', () => {
      const nothing = { deny: null, alwaysAllow: null, exceptions: null };
      expect(plan({ policies: { organisation: nothing } }, present)).toMatchObject({ steps: [], leftOut: [] });
    });
  });

  it('comes without an exception that has ended, which could not be set', () => {
    const exceptions = [exception, { ...exception, entry: 'y.example', until: LATER }];
    const made = plan({ policies: { organisation: { exceptions } } }, { policies: new Map([[undefined, policy]]) });
    expect(made.steps).toMatchObject([{ body: { exceptions: [{ entry: 'y.example', until: LATER }] } }]);
    expect(made.leftOut).toMatchObject([{ what: 'has an exception for x.example that has ended' }]);
  });

  it('keeps an ended exception that is there as it is in the file', () => {
    const present = { policies: new Map([[undefined, { ...policy, exceptions: [exception] }]]) };
    expect(plan({ policies: { organisation: { exceptions: [exception] } } }, present)).toMatchObject({
      steps: [],
      leftOut: [],
    });
  });
});

describe('an agent', () => {
  const wanted = {
    name: 'web',
    role: 'agent',
    environments: ['prod'],
    export: false,
    principal: PRINCIPAL,
    expiresAt: null,
  };
  const there = { ...wanted, id: 'a1' };

  it.each([
    { name: 'is there', agents: [there], outcome: { unchanged: [{ name: 'web (a1)' }], steps: [], leftOut: [] } },
    {
      name: 'is there in other words',
      agents: [{ ...there, environments: ['prod'], expiresAt: undefined }],
      outcome: { steps: [], leftOut: [] },
    },
    { name: 'is not there', agents: [], outcome: { steps: [{ action: 'add', body: { principal: PRINCIPAL } }] } },
    {
      name: 'of the name has a token',
      agents: [{ ...there, principal: null }],
      outcome: { steps: [{ action: 'add' }] },
    },
    {
      name: 'is there for other environments',
      agents: [{ ...there, environments: ['ci'] }],
      outcome: { steps: [], leftOut: [{ advice: textWith('pullpass agent delete a1') }] },
    },
  ])('that $name', ({ agents, outcome }) => {
    expect(plan({ agents: [wanted] }, { agents })).toMatchObject(outcome);
  });

  it('that has ended is told', () => {
    expect(plan({ agents: [{ ...wanted, expiresAt: ENDED }] }, {})).toMatchObject({
      steps: [],
      leftOut: [{ what: 'web has ended' }],
    });
  });

  it('with a token is told with the whole command, quoted for a shell', () => {
    const agent = { name: 'my host', role: 'agent', environments: ['prod', '*'], export: true, expiresAt: LATER };
    const { leftOut } = plan({ agents: [agent] }, {});
    expect(leftOut).toMatchObject([
      { advice: `make a new one: pullpass agent create 'my host' --env 'prod,*' --export --expires-at ${LATER}` },
    ]);
  });
});

describe('a registry', () => {
  function presentWith(source: PresentRegistry['source'], address: string): Partial<Present> {
    return {
      registries: [
        { id: 'r1', address, environments: ['prod'], state: 'active', source, settings: plainSettings(), revision: 2 },
      ],
    };
  }

  const google = { kind: 'google', clientEmail: 'a@p.iam.gserviceaccount.com', scopes: ['s'] };
  const ecr = { kind: 'ecr', roleArn: 'arn:aws:iam::123456789012:role/pull', externalId: 'pullpass-1' };

  it.each([
    {
      name: 'the same key',
      source: { ...google, privateKeyId: 'other' },
      address: 'gcr.io',
      outcome: { steps: [], leftOut: [] },
    },
    {
      name: 'a source without its account',
      source: { kind: 'google', scopes: ['s'] },
      address: 'gcr.io',
      outcome: { steps: [], leftOut: [] },
    },
    {
      name: 'another account',
      source: { ...google, clientEmail: 'b@p.iam.gserviceaccount.com' },
      address: 'gcr.io',
      outcome: { steps: [], leftOut: [{ what: textWith('logs in as a@p') }] },
    },
    {
      name: 'other scopes',
      source: { ...google, scopes: ['t'] },
      address: 'gcr.io',
      outcome: {
        steps: [{ secret: 'none', changes: [{ field: 'source.scopes' }], source: { settings: { scopes: ['t'] } } }],
      },
    },
  ])('of Google with $name', ({ source, address, outcome }) => {
    const registry = { address, environments: ['prod'], source };
    expect(plan({ registries: [registry] }, presentWith(google, address))).toMatchObject(outcome);
  });

  it.each([
    { name: 'an external id of elsewhere', source: { ...ecr, externalId: 'pullpass-2' }, outcome: { steps: [] } },
    {
      name: 'no role',
      source: { kind: 'ecr' },
      outcome: { steps: [{ secret: 'none', source: { settings: { roleArn: null } } }] },
    },
    {
      name: 'another role',
      source: { ...ecr, roleArn: 'arn:aws:iam::123456789012:role/other' },
      outcome: { steps: [{ secret: 'none', notes: [textWith('external id')] }] },
    },
    {
      name: 'an access key',
      source: { kind: 'ecr', accessKeyId: 'AKIA' },
      outcome: { steps: [], leftOut: [{ advice: textWith('--replace-secrets') }] },
    },
  ])('of ECR with $name', ({ source, outcome }) => {
    const registry = { address: ECR, environments: ['prod'], source };
    expect(plan({ registries: [registry] }, presentWith(ecr, ECR))).toMatchObject(outcome);
  });

  it('of another kind at the same address is not added beside it', () => {
    const registry = {
      address: 'gcr.io',
      environments: ['prod'],
      source: { kind: 'static', username: 'me', password: 'p' },
    };
    expect(plan({ registries: [registry] }, presentWith(google, 'gcr.io'))).toMatchObject({
      steps: [],
      leftOut: [{ what: textWith('(r1, google, a@p') }],
    });
  });

  it('for environments of its own is added beside one for others', () => {
    const registry = {
      address: 'gcr.io',
      environments: ['ci'],
      source: { kind: 'static', username: 'me', password: 'p' },
    };
    expect(plan({ registries: [registry] }, presentWith(google, 'gcr.io'))).toMatchObject({
      steps: [{ action: 'add' }],
      leftOut: [],
    });
  });
});

describe('an expiry date', () => {
  const ON = '2026-12-31';
  const typed = { kind: 'static', username: 'robot' };
  const inFile = (fields: Readonly<Record<string, unknown>>, source: Readonly<Record<string, unknown>> = typed) => ({
    registries: [{ address: 'quay.io', environments: ['prod'], source, ...fields }],
  });
  const there = (expiresOn: string | null): Partial<Present> => ({
    registries: [
      {
        ...{ id: 'r1', address: 'quay.io', environments: ['prod'], state: 'active', source: typed, revision: 2 },
        settings: { ...plainSettings(), expiresOn },
      },
    ],
  });
  const past = [textWith("the file's expiry date 2026-02-28 is past, and is left out")];

  it.each([
    { name: 'is the same', file: ON, present: ON, outcome: { steps: [] } },
    {
      name: 'is another',
      ...{ file: ON, present: '2026-06-30' },
      outcome: { steps: [{ patch: { expiresOn: ON }, secret: 'none', changes: [{ field: 'expiresOn', to: ON }] }] },
    },
    {
      name: 'is in the file only',
      ...{ file: ON, present: null },
      outcome: { steps: [{ patch: { expiresOn: ON }, changes: [{ from: null, to: ON }] }] },
    },
    {
      name: 'is not in the file',
      ...{ file: undefined, present: ON },
      outcome: { steps: [{ patch: { expiresOn: null }, changes: [{ from: ON, to: null }] }] },
    },
    {
      name: 'is past in the file, and leaves the one that is there',
      file: '2026-02-28',
      present: ON,
      outcome: { steps: [] },
    },
    { name: 'is past in both', file: '2026-02-28', present: '2026-02-28', outcome: { steps: [] } },
    {
      name: 'is today',
      file: '2026-03-01',
      present: null,
      outcome: { steps: [{ patch: { expiresOn: '2026-03-01' } }] },
    },
    {
      name: 'is none, which Pullpass says',
      ...{ file: 'soon', present: null },
      outcome: { steps: [{ patch: { expiresOn: 'soon' } }] },
    },
  ])('that $name', ({ file, present, outcome }) => {
    const { steps } = plan(inFile({ expiresOn: file }), there(present));
    expect(steps).toHaveLength(outcome.steps.length);
    expect({ steps }).toMatchObject(outcome);
  });

  it('of a registry that is added is taken, and left out where it is past: that alone would be refused', () => {
    const source = { ...typed, password: 'p' };
    expect(plan(inFile({ expiresOn: ON }, source), {}).steps).toMatchObject([
      { action: 'add', wanted: { settings: { expiresOn: ON } }, notes: [] },
    ]);
    expect(plan(inFile({ expiresOn: '2026-02-28' }, source), {}).steps).toMatchObject([
      { action: 'add', wanted: { settings: { expiresOn: null } }, notes: past },
    ]);
  });

  it('is sent along with its password, which would drop it otherwise', () => {
    const document = inFile({ expiresOn: ON }, { ...typed, password: 'p' });
    expect(plan(document, there(ON), { replaceSecrets: true }).steps).toMatchObject([
      { patch: { expiresOn: ON }, secret: 'given', changes: [], notes: [] },
    ]);
  });

  it('that is past is not replaced by that of the password that the file’s takes the place of', () => {
    const document = inFile({ expiresOn: '2026-02-28' }, { ...typed, password: 'p' });
    const { steps } = plan(document, there(ON), { replaceSecrets: true });
    expect(steps).toMatchObject([{ secret: 'given', notes: past }]);
    expect(steps[0]).toHaveProperty('patch', {});
  });

  it('is said to be dropped where a login without one takes its place', () => {
    const login: WantedRegistry = {
      ...{ place: 'auths', address: canonicalAddress('quay.io'), environments: ['prod'], state: 'active', notes: [] },
      says: 'login',
      settings: plainSettings(),
      source: { kind: 'static', settings: { username: 'robot' }, secret: new Secret('p') },
    };
    const wanted = { ...NOTHING, registries: [login] };
    const options = { ...OPTIONS, replaceSecrets: true };
    const { steps } = planImport(wanted, { ...EMPTY, ...there(ON) }, options);
    expect(steps).toMatchObject([{ patch: {}, notes: [textWith(`its expiry date ${ON} is the present password's`)] }]);
    expect(planImport(wanted, { ...EMPTY, ...there(null) }, options).steps).toMatchObject([{ notes: [] }]);
  });
});
