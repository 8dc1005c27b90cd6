/** What anybody may ask: is it well, what does it speak, what goes onto a host. */
import { health } from '../service/status.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { json } from './api-request.ts';
import { refuse, type Route } from './route.ts';

export interface PublicRoutesDeps {
  readonly catalogue: Pick<Catalogue, 'soonestExpiries' | 'firstUrgent' | 'getPolicy' | 'badRows'>;
  readonly now: () => number;
  /** The files of host/, by name. */
  readonly hostScripts: ReadonlyMap<string, string>;
  /** Made when it is first asked for: it costs more than most processes ever need it. */
  readonly openApiDocument: () => Promise<unknown>;
  /** The same for people to read: one page of HTML, and what a browser may load for it. Made late, too. */
  readonly reference: () => Promise<{ readonly html: string; readonly contentSecurityPolicy: string }>;
}

export function publicRoutes(deps: PublicRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      description: {
        summary: 'Does it answer, and is no credential about to run out',
        roles: [],
        answers: { 200: 'All is well', 503: 'A registry needs somebody: see GET /v1/status' },
        problems: ['store_unavailable'],
      },
      run: async () => {
        const found = await health(deps);
        return json(found.status === 'ok' ? 200 : 503, found);
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      description: { summary: 'This document', roles: [], answers: { 200: 'OpenAPI 3.1' }, problems: [] },
      run: async () => json(200, await deps.openApiDocument(), { 'cache-control': 'public, max-age=300' }),
    },
    {
      method: 'GET',
      path: '/reference',
      description: {
        summary: 'The same as a page to read',
        roles: [],
        answers: { 200: 'HTML, without scripts and without anything from elsewhere' },
        problems: [],
      },
      run: async () => {
        const { html, contentSecurityPolicy } = await deps.reference();
        return {
          statusCode: 200,
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'cache-control': 'public, max-age=300',
            'content-security-policy': contentSecurityPolicy,
            'x-content-type-options': 'nosniff',
            'referrer-policy': 'no-referrer',
          },
          body: html,
        };
      },
    },
    {
      method: 'GET',
      path: '/install/{file}',
      description: {
        summary: 'The scripts for hosts: docker-credential-pullpass, install.sh, pullpass-host',
        roles: [],
        answers: { 200: 'A POSIX shell script' },
        problems: ['route_not_found'],
      },
      run: async (request) => {
        const script = deps.hostScripts.get(request.parameters['file'] ?? '');
        if (script === undefined) return refuse({ kind: 'route_failure', code: 'route_not_found' });
        return {
          statusCode: 200,
          headers: { 'content-type': 'text/x-shellscript; charset=utf-8', 'cache-control': 'no-cache' },
          body: script,
        };
      },
    },
  ];
}
