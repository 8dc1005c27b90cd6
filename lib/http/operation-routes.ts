/** Agents' tokens, environments, status and audit. */
import type { Role } from '../domain/agent.ts';
import { parseDocument } from '../domain/parse-document.ts';
import { bindPrincipal, createAgent, deleteAgent, type AgentDeps, type BindDeps } from '../service/agents.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { parseScope } from '../service/policies.ts';
import { status, type StatusDeps } from '../service/status.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { json, NO_CONTENT } from './api-request.ts';
import { auditPage } from './audit-page.ts';
import { agentDocument, statusDocument } from './documents.ts';
import type { ProblemCode } from './problem.ts';
import { agentRequest, auditQuery, pageQuery } from './request-schemas.ts';
import { BAD_CURSOR, forRoles, pageOf, parseBody, refuse, type Route } from './route.ts';

export type OperationRoutesDeps = AuthenticateDeps &
  AgentDeps &
  BindDeps &
  StatusDeps & { readonly catalogue: Pick<Catalogue, 'listAgents' | 'listEnvironments' | 'listAudit'> };

const VIEW: readonly Role[] = ['viewer', 'admin'];
const CHANGE: readonly Role[] = ['admin'];
const ALWAYS: readonly ProblemCode[] = ['unauthenticated', 'role_required', 'store_unavailable'];

export function operationRoutes(deps: OperationRoutesDeps): readonly Route[] {
  return [...agentAdministration(deps), ...views(deps)];
}

function agentAdministration(deps: OperationRoutesDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/agents',
      description: {
        summary: 'Create an agent; its token is shown this once. One that is bound to a principal has none',
        roles: CHANGE,
        body: agentRequest,
        answers: { 201: 'The agent, with its token if it has one' },
        problems: [...ALWAYS, 'invalid_input', 'bad_json'],
      },
      run: forRoles(CHANGE, deps, async (request, caller) => {
        const body = parseBody(request, agentRequest);
        if (!body.ok) return refuse(body.failure);
        const { expiresAt, principal, ...rest } = body.value;
        const input = { ...rest, ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }) };
        if (principal !== undefined) {
          const bound = await bindPrincipal({ ...input, principal }, caller.id, deps);
          return bound.ok ? json(201, agentDocument(bound.value)) : refuse(bound.failure);
        }
        const created = await createAgent(input, caller.id, deps);
        if (!created.ok) return refuse(created.failure);
        const { agent, token } = created.value;
        return json(201, { ...agentDocument(agent), token: token.reveal() });
      }),
    },
    {
      method: 'GET',
      path: '/v1/agents',
      description: {
        summary: 'List agents, oldest first',
        roles: CHANGE,
        query: pageQuery,
        answers: { 200: 'A page of agents, without tokens' },
        problems: [...ALWAYS, 'invalid_input', 'bad_cursor'],
      },
      run: forRoles(CHANGE, deps, async (request) => {
        const query = parseDocument(pageQuery, request.query);
        if (!query.ok) return refuse(query.failure);
        const page = await deps.catalogue.listAgents(pageOf(query.value));
        if (page === 'bad_cursor') return refuse(BAD_CURSOR);
        return json(200, { ...page, items: page.items.map(agentDocument) });
      }),
    },
    {
      method: 'DELETE',
      path: '/v1/agents/{id}',
      description: {
        summary: 'Delete an agent: its token or binding is worth nothing within seconds',
        roles: CHANGE,
        answers: { 204: 'It is gone' },
        problems: [...ALWAYS, 'not_found', 'own_identity'],
      },
      run: forRoles(CHANGE, deps, async (request, caller) => {
        const deleted = await deleteAgent(request.parameters['id'] ?? '', caller.id, deps);
        return deleted.ok ? NO_CONTENT : refuse(deleted.failure);
      }),
    },
  ];
}

function views(deps: OperationRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/environments',
      description: {
        summary: 'Every environment that a registry, a policy or an agent names',
        roles: VIEW,
        answers: { 200: 'The environments' },
        problems: ALWAYS,
      },
      run: forRoles(VIEW, deps, async () => {
        const names = await deps.catalogue.listEnvironments();
        return json(200, { items: names.map((name) => ({ name })) });
      }),
    },
    {
      method: 'GET',
      path: '/v1/status',
      description: {
        summary: 'How fresh the credentials are, and which registries need somebody',
        roles: VIEW,
        answers: { 200: 'Counts by kind and state, seconds left' },
        problems: ALWAYS,
      },
      run: forRoles(VIEW, deps, async () => json(200, statusDocument(await status(deps), deps.now()))),
    },
    {
      method: 'GET',
      path: '/v1/audit',
      description: {
        summary: 'Decisions and changes, newest first',
        roles: VIEW,
        query: auditQuery,
        answers: { 200: 'A page of the audit trail' },
        problems: [...ALWAYS, 'invalid_input', 'bad_cursor'],
      },
      run: forRoles(VIEW, deps, async (request) => {
        const query = parseDocument(auditQuery, request.query);
        if (!query.ok) return refuse(query.failure);
        const { environment, type, subject } = query.value;
        const scope = parseScope(environment);
        if (!scope.ok) return refuse(scope.failure);
        const page = await deps.catalogue.listAudit({
          ...pageOf(query.value),
          ...(environment === undefined ? {} : { environment }),
          ...(type === undefined ? {} : { type }),
          ...(subject === undefined ? {} : { subject }),
        });
        return page === 'bad_cursor' ? refuse(BAD_CURSOR) : await auditPage(page, deps);
      }),
    },
  ];
}
