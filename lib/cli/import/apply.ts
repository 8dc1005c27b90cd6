/**
 * Carries a plan out, step by step, each held to what the plan was made from: whatever somebody else changed meanwhile stays,
 * and its step is told. One that fails does not stop the others, but for a policy: no registry is then added or changed in
 * the environments that it is of, since what it refuses has to be refused first.
 */
import { splitAddress } from '../../domain/address.ts';
import { agentAnswer, registryAnswer, type RegistryAnswer } from '../answers.ts';
import { expectAnswer, pathOf, type CallApi } from '../api-client.ts';
import { CommandFailure } from '../command-failure.ts';
import { policyPath } from '../commands/policy-change.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { warningWords } from '../login-advice.ts';
import { covers, doOverlap } from './match-registries.ts';
import type { AddAgent, AddRegistry, ChangeRegistry, Plan, SetPolicy, Step } from './plan-steps.ts';
import { readRegistries } from './present.ts';
import { lacksSecret } from './secrets.ts';
import { sourceDocument } from './source-changes.ts';

export interface StepResult {
  readonly step: Step;
  /** `left`: not tried. */
  readonly outcome: 'done' | 'failed' | 'left';
  readonly id?: string;
  readonly what?: string;
  readonly advice?: string | undefined;
  readonly code?: string | undefined;
  readonly exitCode?: ExitCode;
  readonly notes: readonly string[];
}

export interface ApplyDeps {
  readonly api: CallApi;
  /** Log in before a registry is stored. */
  readonly verify: boolean;
  readonly onResult: (result: StepResult) => void;
  readonly around: <Value>(step: Step, work: () => Promise<Value>) => Promise<Value>;
}

export async function applyPlan(plan: Plan, deps: ApplyDeps): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const known = new Set(plan.knownRegistries);
  const failedPolicies: SetPolicy[] = [];
  let hopeless = false;
  for (const step of plan.steps) {
    const policy = failedPolicies.find((failed) => concerns(failed, step));
    const result = hopeless || policy !== undefined ? notTried(step, policy) : await tryStep(step, known, deps);
    if (result.id !== undefined && step.subject === 'registry') known.add(result.id);
    if (result.outcome === 'failed' && isHopeless(result)) hopeless = true;
    if (result.outcome === 'failed' && step.subject === 'policy') failedPolicies.push(step);
    results.push(result);
    deps.onResult(result);
  }
  return results;
}

/** Pullpass is gone, or the token may not: every further step would end the same way. */
function isHopeless({ exitCode, code }: StepResult): boolean {
  if (code === undefined) return exitCode === EXIT.unavailable;
  return code === 'unauthenticated' || code === 'role_required';
}

/** The organisation's concerns every registry. */
function concerns({ environment }: SetPolicy, step: Step): boolean {
  if (step.subject !== 'registry') return false;
  const environments = step.action === 'add' ? step.wanted.environments : step.environments;
  return environment === undefined || covers(environments, [environment]);
}

function notTried(step: Step, policy: SetPolicy | undefined): StepResult {
  const advice = policy && `import again when the policy of ${policy.name} can be set: what it refuses comes first`;
  return left(step, 'was not tried after that', advice);
}

function left(step: Step, what: string, advice?: string): StepResult {
  return { step, outcome: 'left', what, advice, notes: [] };
}

interface Done {
  readonly id?: string;
  readonly notes: readonly string[];
}

async function tryStep(step: Step, known: ReadonlySet<string>, deps: ApplyDeps): Promise<StepResult> {
  if (lacksSecret(step)) return left(step, 'needs its secret', SECRET_ADVICE);
  try {
    return { step, outcome: 'done', ...(await deps.around(step, () => carryOut(step, known, deps))) };
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const { message, advice, code, exitCode } = error;
    return { step, outcome: 'failed', what: message, advice: adviceFor(step, code, advice), code, exitCode, notes: [] };
  }
}

export const SECRET_ADVICE =
  'fill it into the file, or give it by --secrets FILE, or import on a terminal, which asks for it';

async function carryOut(step: Step, known: ReadonlySet<string>, deps: ApplyDeps): Promise<Done> {
  switch (step.subject) {
    case 'registry':
      return step.action === 'add' ? await addRegistry(step, known, deps) : await changeRegistry(step, deps);
    case 'policy':
      return await setPolicy(step, deps);
    case 'agent':
      return await addAgent(step, deps);
  }
}

async function setPolicy({ environment, body, revision }: SetPolicy, { api }: ApplyDeps): Promise<Done> {
  await api({ method: 'PUT', path: policyPath(environment), body, ifMatch: revision });
  return { notes: [] };
}

async function addAgent({ body }: AddAgent, { api }: ApplyDeps): Promise<Done> {
  const { id } = expectAnswer(agentAnswer, await api({ method: 'POST', path: '/v1/agents', body }));
  return { id, notes: [] };
}

/** An addition has no revision to be held to, so what is there is looked at once more. */
async function addRegistry(step: AddRegistry, known: ReadonlySet<string>, deps: ApplyDeps): Promise<Done> {
  const { address, environments, settings, state, source } = step.wanted;
  for (const other of await readRegistries({ address }, deps.api)) {
    if (known.has(other.id) || !doOverlap(other.environments, environments)) continue;
    throw new CommandFailure({
      exitCode: EXIT.conflict,
      what: `somebody else has added ${address} (${other.id}) meanwhile`,
      advice: 'look at it, then import again',
      code: 'revision_conflict',
    });
  }
  const { tls, probe, trustedRealms, email, description, expiresOn } = settings;
  const body = {
    ...{ address, environments, tls, source: sourceDocument(source) },
    ...(probe === null ? {} : { probe: { repository: probe } }),
    ...(trustedRealms.length === 0 ? {} : { trustedRealms }),
    ...(email === null ? {} : { email }),
    ...(description === null ? {} : { description }),
    ...(expiresOn === null ? {} : { expiresOn }),
    ...(state === 'inactive' ? { state } : {}),
    ...(deps.verify ? {} : { verify: false }),
  };
  const added = expectAnswer(registryAnswer, await deps.api({ method: 'POST', path: '/v1/registries', body }));
  return { id: added.id, notes: [...warnings(added), ...newTrust(added, source.settings['externalId'])] };
}

async function changeRegistry(step: ChangeRegistry, { api, verify }: ApplyDeps): Promise<Done> {
  const { id, patch, source, state, revision } = step;
  const body = { ...patch, ...(source === undefined ? {} : { source: sourceDocument(source) }) };
  const logsIn = ['source', 'tls', 'probe', 'trustedRealms'].some((name) => name in body);
  let current = revision;
  const notes: string[] = [];
  if (Object.keys(body).length > 0) {
    const sent = logsIn && !verify ? { ...body, verify: false } : body;
    const path = pathOf('v1', 'registries', id);
    const changed = expectAnswer(registryAnswer, await api({ method: 'PATCH', path, body: sent, ifMatch: revision }));
    current = changed.revision;
    notes.push(...warnings(changed));
  }
  if (state !== undefined) await switchState({ id, revision: current }, state, api);
  return { id, notes };
}

async function switchState(
  { id, revision }: Pick<RegistryAnswer, 'id' | 'revision'>,
  state: 'active' | 'inactive',
  api: CallApi,
): Promise<void> {
  const verb = state === 'active' ? 'activate' : 'deactivate';
  await api({ method: 'POST', path: pathOf('v1', 'registries', id, verb), ifMatch: revision });
}

function warnings({ id, verification }: RegistryAnswer): readonly string[] {
  const warning = verification?.warning;
  return warning ? [warningWords(warning, id)] : [];
}

/** The id was another one in the installation that exported it. */
function newTrust({ source }: RegistryAnswer, exported: unknown): readonly string[] {
  const { externalId, roleArn } = source;
  if (typeof externalId !== 'string' || typeof roleArn !== 'string' || externalId === exported) return [];
  return [`the trust policy of ${roleArn} has to ask for the external id ${externalId}`];
}

/** What the API's client advises is about `registry add`; here the options name the host, too. */
function adviceFor(step: Step, code: string | undefined, advice: string | undefined): string | undefined {
  if (code === 'revision_conflict') return 'look at what was changed, then import again';
  if (code !== 'verification_failed' || step.action !== 'add' || step.subject !== 'registry') return advice;
  const { host } = splitAddress(step.wanted.address);
  if (step.wanted.says === 'everything')
    return advice?.replace(/--.*/, (options) => `in the file, what ${options} is for registry add`);
  return advice
    ?.replace('--plain-http', `--plain-http ${host}`)
    .replace('--ca FILE', `--ca ${host}=FILE`)
    .replace('--skip-verify', `--skip-verify ${host}`);
}
