/** Valid agents, policies and audit entries, to be varied by the fields that a test is about. */
import type { PrincipalAgent, TokenAgent } from '../../../lib/domain/agent.ts';
import type { ChangeEntry, DecisionEntry } from '../../../lib/domain/audit.ts';
import type { PolicyDocument } from '../../../lib/domain/policy.ts';
import { START } from '../../support/registry-fixture.ts';

export function change(fields: Partial<ChangeEntry> = {}): ChangeEntry {
  return { type: 'change', at: START, actor: 'admin-1', action: 'registry.add', subject: 'registry-1', ...fields };
}

export function decision(fields: Partial<DecisionEntry> = {}): DecisionEntry {
  return {
    type: 'decision',
    at: START,
    environment: 'prod',
    agentId: 'agent-1',
    image: 'docker.io/library/alpine:latest',
    outcome: 'denied',
    rule: 'not in the whitelist',
    mode: 'enforce',
    wouldRefuse: true,
    ...fields,
  };
}

export function agent(fields: Partial<TokenAgent> = {}): TokenAgent {
  return {
    id: 'agent-1',
    name: 'build host',
    role: 'agent',
    environments: ['prod'],
    export: false,
    createdAt: START,
    tokenHash: 'ab'.repeat(32),
    ...fields,
  };
}

export function principalAgent(fields: Partial<PrincipalAgent> = {}): PrincipalAgent {
  return {
    id: 'agent-1',
    name: 'nodes',
    role: 'agent',
    environments: ['prod'],
    export: false,
    createdAt: START,
    principal: 'arn:aws:iam::123456789012:role/node-*',
    ...fields,
  };
}

export function policy(fields: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    whitelist: ['docker.io'],
    deny: ['docker.io/evil'],
    alwaysAllow: ['registry.k8s.io'],
    exceptions: [{ entry: 'quay.io/team', reason: 'moves to the mirror in March', until: START + 86_400_000 }],
    defaultRegistry: 'docker.io',
    mode: 'audit',
    ...fields,
  };
}
