/** `pullpass serve`: the only command that is Pullpass itself. What it needs is loaded only then. */
import type { Command } from 'commander';
import { DEFAULT_DATA_DIRECTORY, DEFAULT_PORT } from '../../serve/defaults.ts';
import { collect, wholeNumber } from '../option-values.ts';

interface ServeFlags {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly keyFile?: string;
  readonly insecureHttp?: true;
  readonly allowNetwork: readonly string[];
  readonly ecrUpstreamHost: readonly string[];
  readonly trustedTokenUri: readonly string[];
}

export function addServeCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('serve')
    .description('run Pullpass here, with an embedded store')
    .option('--port <number>', 'port to listen on; 0 for any free one', wholeNumber(0, 65_535), DEFAULT_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <folder>', 'where the store and the admin token lie', DEFAULT_DATA_DIRECTORY)
    .option('--tls-cert <file>', 'certificate chain (PEM), with --tls-key')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--key-file <file>', 'the key that encrypts the secrets; made where there is none (default: in --data)')
    .option('--insecure-http', 'plain HTTP on an address that is not loopback, where something in front speaks TLS')
    .option('--allow-network <cidr>', 'networks of registries that are not public; repeatable', collect, [])
    .option(
      '--ecr-upstream-host <host>',
      "host before ECR that Pullpass's own AWS identity may be used for; repeatable",
      collect,
      [],
    )
    .option(
      '--trusted-token-uri <url>',
      "token endpoint, beside Google's own, that a key may name; repeatable",
      collect,
      [],
    )
    .action(async (flags: ServeFlags) => {
      const { runServe } = await import('../../serve/serve.ts');
      const { tlsCert, tlsKey, keyFile } = flags;
      const code = await runServe({
        port: flags.port,
        host: flags.host,
        dataDirectory: flags.data,
        ...(keyFile === undefined ? {} : { keyFile }),
        ...(tlsCert === undefined ? {} : { tlsCertFile: tlsCert }),
        ...(tlsKey === undefined ? {} : { tlsKeyFile: tlsKey }),
        insecureHttp: flags.insecureHttp === true,
        allowNetworks: flags.allowNetwork,
        ecrUpstreamHosts: flags.ecrUpstreamHost,
        trustedTokenUris: flags.trustedTokenUri,
      });
      exitWith(code);
    });
}
