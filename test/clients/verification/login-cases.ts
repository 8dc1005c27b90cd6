/** Logins and rights: passwords, tokens, probes, and registries that let anybody in. */
import { at, PLAIN, TRUSTING, type Case } from './case.ts';

const PASSWORDS: readonly Case[] = [
  {
    registry: 'htpasswd',
    what: 'the right password',
    asked: ({ htpasswd }) => at(htpasswd, { tls: PLAIN }),
    status: 'verified',
    says: 'accepted the credential',
  },
  {
    registry: 'htpasswd',
    what: 'a wrong password',
    asked: ({ htpasswd }) => at(htpasswd, { tls: PLAIN, login: 'wrong' }),
    status: 'unauthorized',
    says: 'check the user name and the password',
  },
  {
    registry: 'htpasswd',
    what: 'a repository that is there',
    asked: ({ htpasswd }) => at(htpasswd, { tls: PLAIN, probe: 'team/app' }),
    status: 'verified',
    says: 'accepted the credential',
  },
  {
    registry: 'htpasswd',
    what: 'a repository that is not there',
    asked: ({ htpasswd }) => at(htpasswd, { tls: PLAIN, probe: 'team/nothing' }),
    status: 'scope_denied',
    says: 'check probe.repository',
  },
  {
    registry: 'htpasswd, behind nginx that lets it list and not pull',
    what: 'a repository',
    asked: ({ site }) => at(site('listsOnly'), { tls: PLAIN, probe: 'team/app' }),
    status: 'scope_denied',
    says: 'check probe.repository',
  },
  {
    registry: 'htpasswd, `/v2/` open in front of it',
    what: 'a repository, with the right password',
    asked: ({ site }) => at(site('openWithoutLogin'), { tls: PLAIN, probe: 'team/app' }),
    status: 'verified',
    says: 'accepted the credential',
  },
  {
    registry: 'htpasswd, `/v2/` open in front of it',
    what: 'a repository, with a wrong password',
    asked: ({ site }) => at(site('openWithoutLogin'), { tls: PLAIN, probe: 'team/app', login: 'wrong' }),
    status: 'unauthorized',
    says: 'check the user name and the password',
  },
];

const TOKENS: readonly Case[] = [
  {
    registry: 'token',
    what: 'the right password',
    asked: ({ token }) => at(token.port, { tls: PLAIN }),
    status: 'verified',
    says: 'accepted the credential',
  },
  {
    registry: 'token',
    what: 'a wrong password',
    asked: ({ token }) => at(token.port, { tls: PLAIN, login: 'wrong', probe: 'team/app' }),
    status: 'unauthorized',
    says: 'check the user name and the password',
  },
  {
    registry: 'token',
    what: 'a repository that its user may pull',
    asked: ({ token }) => at(token.port, { tls: PLAIN, probe: 'team/app' }),
    status: 'verified',
    says: 'accepted the credential',
  },
  {
    registry: 'token',
    what: 'a repository for which the token holds less than was asked for',
    asked: ({ token }) => at(token.port, { tls: PLAIN, probe: 'team/secret' }),
    status: 'scope_denied',
    says: 'check probe.repository',
  },
  {
    registry: 'token',
    what: 'a repository that anybody gets a token for',
    asked: ({ token }) => at(token.port, { tls: PLAIN, probe: 'public/app' }),
    status: 'verified',
    warning: 'accepts_anyone',
    says: 'Anybody may pull the probe repository',
  },
  {
    registry: 'token, its token service on another host',
    what: 'the right password',
    asked: ({ token }) => ({ address: `127.0.0.1:${token.port}`, tls: PLAIN }),
    status: 'realm_not_trusted',
    says: 'sends logins to localhost:',
  },
  {
    registry: 'token, as Harbor has it',
    what: 'a repository, with its authority',
    asked: ({ harbor }) => at(harbor, { tls: TRUSTING, probe: 'team/app' }),
    status: 'verified',
    says: 'accepted the credential',
  },
  {
    registry: 'token, as Harbor has it',
    what: 'under another name than its token service has',
    asked: ({ harbor }) => ({ address: `registry.test:${harbor}`, tls: TRUSTING }),
    status: 'realm_not_trusted',
    says: 'add it to trustedRealms',
  },
  {
    registry: 'token, as Harbor has it',
    what: 'under another name, with its token service named',
    asked: ({ harbor }) => ({
      ...{ address: `registry.test:${harbor}`, tls: TRUSTING },
      trustedRealms: [`localhost:${harbor}`],
    }),
    status: 'verified',
    says: 'accepted the credential',
  },
];

const RIGHTS: readonly Case[] = [
  {
    registry: 'token, called Harbor by its challenge',
    what: 'the right password, and no repository',
    asked: ({ site }) => at(site('calledHarbor'), { tls: PLAIN }),
    status: 'verified',
    warning: 'pull_not_proven',
    says: 'pulling is not',
  },
  {
    registry: 'token, its service forbids the login (nginx)',
    what: 'the right password',
    asked: ({ site }) => at(site('forbids'), { tls: PLAIN }),
    status: 'forbidden',
    says: 'need not be the password',
  },
];

const ANYONE: readonly Case[] = [
  {
    registry: 'no authentication',
    what: 'any password',
    asked: ({ open }) => at(open, { tls: PLAIN }),
    status: 'verified',
    warning: 'accepts_anyone',
    says: 'answers the same without a credential',
  },
  {
    registry: 'no authentication',
    what: 'a repository',
    asked: ({ open }) => at(open, { tls: PLAIN, probe: 'public/app' }),
    status: 'verified',
    warning: 'accepts_anyone',
    says: 'Anybody may pull',
  },
  {
    registry: 'asks for a password and looks at none',
    what: 'any password',
    asked: ({ site }) => at(site('takesAnyPassword'), { tls: PLAIN }),
    status: 'verified',
    warning: 'accepts_anyone',
    says: 'a made-up user name and password',
  },
  {
    registry: 'asks for a password and looks at none',
    what: 'a repository',
    asked: ({ site }) => at(site('takesAnyPassword'), { tls: PLAIN, probe: 'public/app' }),
    status: 'verified',
    warning: 'accepts_anyone',
    says: 'a made-up user name and password',
  },
  {
    registry: 'htpasswd, one path of it open',
    what: 'a repository there',
    asked: ({ site }) => at(site('openBehindLogin'), { tls: PLAIN, probe: 'public/app' }),
    status: 'verified',
    warning: 'accepts_anyone',
    says: 'Anybody may pull',
  },
];

export const LOGIN_CASES: readonly Case[] = [...PASSWORDS, ...TOKENS, ...RIGHTS, ...ANYONE];
