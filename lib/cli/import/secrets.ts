/**
 * Secrets that an export never holds, from a file of their own or from whoever sits at the terminal. They go into the steps
 * and from there to Pullpass: never into the plan that is shown.
 */
import { secretOf } from '../../formats/import/own-export-registry.ts';
import { parseAddress } from '../../domain/address.ts';
import { nthEntry } from '../../formats/import/shown.ts';
import { sourceFields } from '../../formats/import/source-fields.ts';
import { membersOf, parseJson } from '../../formats/import/structured-text.ts';
import type { Finding, Wanted, WantedRegistry } from '../../formats/import/wanted.ts';
import type { Secret } from '../../domain/secret.ts';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { readSecret } from '../secret-input.ts';
import type { Terminal } from '../terminal.ts';
import type { AddRegistry, ChangeRegistry, Plan, Step } from './plan-steps.ts';
import { readBounded } from './read-file.ts';

export type SecretsByName = ReadonlyMap<string, Secret>;

/** `{"<registry's id or address>": "<secret>"}`; a key that is a file in JSON may stand there as it is. */
export async function readSecretsFile(file: string, terminal: Terminal): Promise<SecretsByName> {
  const { text, isOpenToOthers } = await readBounded(file, terminal);
  if (isOpenToOthers)
    throw usageFailure(`${file} can be read by others of this machine`, `chmod 600 ${file}, then change what is in it`);
  const parsed = parseJson(text);
  const members = parsed.ok ? membersOf(parsed.value) : undefined;
  if (members === undefined) {
    throw usageFailure(
      `${file} is no JSON object of secrets`,
      'write {"<id or address of a registry>": "<secret>", …}',
    );
  }
  const secrets = new Map<string, Secret>();
  for (const [index, [name, value]] of [...members].entries()) {
    const secret = secretOf(value);
    if (secret === undefined)
      throw usageFailure(`${file} has no secret for ${nameOf(name, index)}`, 'write a text, or a key file as it is');
    secrets.set(name, secret);
  }
  return secrets;
}

/** An id beats an address, and an address that several registries of the file have stands for none of them. */
export function withSecrets(wanted: Wanted, secrets: SecretsByName): Wanted {
  const used = new Set<string>();
  const seen = new Map<string, number>();
  for (const { address } of wanted.registries) seen.set(address, (seen.get(address) ?? 0) + 1);
  const registries = wanted.registries.map((registry): WantedRegistry => {
    const names = [registry.id, ...(seen.get(registry.address) === 1 ? [registry.address] : [])];
    const name = names.find((each) => each !== undefined && secrets.has(each));
    const secret = name === undefined ? undefined : secrets.get(name);
    if (name === undefined || secret === undefined) return registry;
    used.add(name);
    return { ...registry, source: { ...registry.source, secret } };
  });
  const findings = [...secrets.keys()].flatMap((name, index) => (used.has(name) ? [] : [unusedSecret(name, index)]));
  return { ...wanted, registries, findings: [...wanted.findings, ...findings] };
}

function unusedSecret(name: string, index: number): Finding {
  const advice = 'name it by the id that the export has for it, or by an address that only one of its registries has';
  return { place: `secret for ${nameOf(name, index)}`, what: 'is for no registry of the file', advice };
}

const REGISTRY_ID = /^[0-9a-z]{26}$/;

/** By its name only where that is one: a name and a secret are easily written the wrong way round. */
function nameOf(name: string, index: number): string {
  const isName = REGISTRY_ID.test(name) || parseAddress(name).ok;
  return isName ? JSON.stringify(name) : nthEntry(index, 'the file');
}

export function lacksSecret(step: Step): step is AddRegistry | ChangeRegistry {
  return step.subject === 'registry' && step.secret === 'missing';
}

/** Asks for what is missing. Nothing typed: that step is left. A key file cannot be typed. */
export async function askForSecrets(plan: Plan, terminal: Terminal): Promise<Plan> {
  const steps: Step[] = [];
  for (const step of plan.steps) steps.push(lacksSecret(step) ? await askFor(step, terminal) : step);
  return { ...plan, steps };
}

async function askFor(step: AddRegistry | ChangeRegistry, terminal: Terminal): Promise<Step> {
  const source = step.action === 'add' ? step.wanted.source : step.source;
  const fields = source === undefined ? undefined : sourceFields(source.kind);
  if (source === undefined || fields === undefined || fields.secret === 'key') return step;
  const who = fields.login.map((name) => source.settings[name]).find((value) => typeof value === 'string');
  const name = `${fields.secretName} for ${step.name}${who === undefined ? '' : ` (${who})`}; empty to leave it out`;
  const secret = await askOnce(name, terminal);
  if (secret === undefined) return step;
  const given = { ...source, secret };
  if (step.action === 'change') return { ...step, source: given, secret: 'given' };
  return { ...step, wanted: { ...step.wanted, source: given }, secret: 'given' };
}

async function askOnce(name: string, terminal: Terminal): Promise<Secret | undefined> {
  try {
    return await readSecret({ name, option: 'secret', fromStdin: undefined, file: undefined }, terminal);
  } catch (error) {
    if (error instanceof CommandFailure && error.exitCode === EXIT.usage) return undefined;
    throw error;
  }
}
