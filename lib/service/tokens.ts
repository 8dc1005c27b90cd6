/**
 * Agents' tokens: `pp_<id>_<secret>`. The id finds the agent, the whole token is hashed and compared in constant time.
 * The secret part has 256 random bits, so one SHA-256 is enough.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Agent } from '../domain/agent.ts';
import { Secret } from '../domain/secret.ts';

const TOKEN = /^pp_(?<id>[0-9a-f]{16})_[0-9a-f]{64}$/;

export interface IssuedToken {
  readonly agentId: string;
  readonly token: Secret;
  readonly tokenHash: string;
}

/** Agents without a token have ids of the same form. */
export function newAgentId(): string {
  return randomBytes(8).toString('hex');
}

export function issueToken(): IssuedToken {
  const agentId = newAgentId();
  const text = `pp_${agentId}_${randomBytes(32).toString('hex')}`;
  return { agentId, token: new Secret(text), tokenHash: hashToken(text) };
}

/** The agent a token claims to be of; undefined when it has not the form of a token. Proves nothing yet. */
export function claimedAgentId(token: Secret): string | undefined {
  return TOKEN.exec(token.reveal())?.groups?.['id'];
}

/** Of an agent that has a principal, no token is. */
export function isTokenOf(agent: Agent, token: Secret): boolean {
  if (agent.tokenHash === undefined) return false;
  const expected = Buffer.from(agent.tokenHash, 'hex');
  const actual = hash('sha256', token.reveal(), 'buffer');
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function hashToken(text: string): string {
  return hash('sha256', text, 'hex');
}
