/** The answer of host-config. */
import * as z from 'zod/mini';
import { RUNTIMES } from '../../../domain/runtime.ts';
import type { Answers } from '../answer.ts';
import { environment, text } from './values.ts';

const file = z.strictObject({
  path: text('Absolute; below the folders of that runtime'),
  mode: z.literal('0644').check(z.meta({ description: 'Octal' })),
  content: text('Of the whole file, in UTF-8'),
});

const hostConfig = z.strictObject({
  runtime: z.enum(RUNTIMES),
  environment: environment(),
  enforces: z
    .enum(['nothing', 'hosts', 'repositories'])
    .check(z.meta({ description: 'How finely this runtime can hold policy with these files' })),
  notes: z.array(text('What somebody who installs the files should know')),
  files: z.array(file),
  daemon: z
    .optional(z.strictObject({ 'insecure-registries': z.array(z.string()) }))
    .check(z.meta({ description: "docker only: what the host's daemon.json has to say" })),
});

const example: z.input<typeof hostConfig> = {
  runtime: 'containerd',
  environment: 'prod',
  enforces: 'hosts',
  notes: ['containerd reads these files where its configuration has config_path = "/etc/containerd/certs.d".'],
  files: [
    {
      path: '/etc/containerd/certs.d/_default/hosts.toml',
      mode: '0644',
      content: 'server = "https://not-allowed-by-pullpass.invalid"\n',
    },
  ],
};

export const hostConfigAnswers: Answers = {
  'GET /v1/environments/{environment}/host-config/{runtime}': {
    200: {
      schema: hostConfig,
      example,
      otherFormat: {
        contentType: 'text/plain',
        schema: text('With format=lines: one item a line, contents in Base64, the last line says how many came before'),
        example:
          'pullpass-host-config 1\nruntime docker\nenvironment prod\nenforces nothing\n' +
          'insecure-registry harbor.example:5000\nend 5\n',
      },
    },
  },
};
