/**
 * Pullpass on its local server, with its log, on a folder that was filled before. Parameters: the folder, and for how
 * many milliseconds catalogue answers are kept ('' for what `serve` takes).
 */
import process from 'node:process';
import { localServer } from '../../lib/http/local-server.ts';
import { compose } from '../../lib/serve/compose.ts';
import { eventLog } from '../../lib/serve/log.ts';
import { openEmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { serveMeasured } from './measured-server.ts';

const [, , directory = '', cacheMilliseconds = ''] = process.argv;
const opened = await openEmbeddedStore({ directory });
if (!opened.ok) throw new Error(opened.failure.advice);
const composition = compose({
  ...opened.value,
  report: eventLog().report,
  allowNetworks: [],
  ecrUpstreamHosts: [],
  sources: {},
  hostScripts: new Map(),
  version: 'bench',
  ...(cacheMilliseconds === '' ? {} : { catalogueCacheMilliseconds: Number(cacheMilliseconds) }),
});
await serveMeasured(localServer(composition, undefined));
