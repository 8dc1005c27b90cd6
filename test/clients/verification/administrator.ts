/** How an administrator has a registry verified: while adding it, afterwards, and at the command line. */
import { writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import type { Login } from '../support/auth-file.ts';
import type { Scene } from '../support/scene.ts';
import type { Asked } from './case.ts';

export interface Told {
  readonly status: string;
  readonly warning: string | null;
  /** Only a verification that is asked for afterwards says one when it went well. */
  readonly advice: string | undefined;
}

const ADDED = z.looseObject({
  id: z.string(),
  verification: z.nullable(z.looseObject({ status: z.string(), warning: z.nullable(z.string()) })),
});
const REFUSED = z.looseObject({
  code: z.literal('verification_failed'),
  detail: z.string(),
  verification: z.looseObject({ status: z.string() }),
});
const VERIFIED = z.looseObject({ status: z.string(), warning: z.nullable(z.string()), advice: z.string() });
const NOTHING_STORED = ' Nothing was stored.';

function bodyOf({ address, tls, probe, trustedRealms }: Asked, login: Login): Readonly<Record<string, unknown>> {
  return {
    ...{ address, environments: ['prod'], source: { kind: 'static', ...login } },
    ...(tls && { tls }),
    ...(probe !== undefined && { probe: { repository: probe } }),
    ...(trustedRealms && { trustedRealms }),
  };
}

/** What `POST /v1/registries` tells. */
export async function addRegistry({ pullpass: { api } }: Scene, asked: Asked, login: Login): Promise<Told> {
  const { status, body } = await api.call('POST /v1/registries', bodyOf(asked, login));
  if (status !== 201) {
    const refused = REFUSED.parse(body);
    if (!refused.detail.endsWith(NOTHING_STORED)) throw new Error(`it does not say what was stored: ${refused.detail}`);
    return {
      status: refused.verification.status,
      warning: null,
      advice: refused.detail.slice(0, -NOTHING_STORED.length),
    };
  }
  const added = ADDED.parse(body);
  await api.call(`DELETE /v1/registries/${added.id}`);
  return {
    status: String(added.verification?.status),
    warning: added.verification?.warning ?? null,
    advice: undefined,
  };
}

/** What `POST /v1/registries/{id}/verify` tells of one that was stored untried. */
export async function verifyRegistry({ pullpass: { api } }: Scene, asked: Asked, login: Login): Promise<Told> {
  const { id } = await api.addRegistry({ ...bodyOf(asked, login), verify: false });
  const answer = VERIFIED.parse((await api.call(`POST /v1/registries/${id}/verify`)).body);
  const shown = ADDED.parse(await api.getRegistry(id));
  await api.call(`DELETE /v1/registries/${id}`);
  if (shown.verification?.status !== answer.status || shown.verification.warning !== answer.warning) {
    throw new Error(`the registry shows another verification than was answered: ${JSON.stringify(shown.verification)}`);
  }
  const { status, warning, advice } = answer;
  return { status, warning, advice };
}

/** `pullpass registry add`: what is on the screen. */
export async function addAtCommandLine({ pullpass, workspace }: Scene, asked: Asked, login: Login): Promise<string> {
  const { address, tls, probe, trustedRealms = [] } = asked;
  const caFile = workspace.path('cli', `${address.replaceAll(/\W/g, '-')}.pem`);
  if (tls?.ca !== undefined) writeFileSync(caFile, tls.ca);
  const { exitCode, stdout, stderr } = await pullpass.cli(
    [
      ...['registry', 'add', address, '--env', 'cli', '--username', login.username, '--password-stdin'],
      ...(tls?.ca === undefined ? [] : ['--ca', caFile]),
      ...(tls?.skipVerify ? ['--skip-verify'] : []),
      ...(tls?.plainHttp ? ['--plain-http'] : []),
      ...(probe === undefined ? [] : ['--probe', probe]),
      ...trustedRealms.flatMap((realm) => ['--trusted-realm', realm]),
    ],
    { stdin: login.password },
  );
  return `${exitCode}\n${stdout}${stderr}`;
}
