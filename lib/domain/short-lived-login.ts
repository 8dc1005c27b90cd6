/**
 * Logins that a cloud or a CI system makes for some minutes or hours. Typed in as a password, one passes every verification
 * on that day and none on the next. Known by the user name, the host and the form of the password, never by asking anybody.
 */
import { parseEcrHost } from './ecr-host.ts';
import { isGoogleHost } from './google-host.ts';

export interface ShortLivedLogin {
  /** What it is, as in `is … `: no value of the login is in it. */
  readonly what: string;
  /** What to use in its place. */
  readonly instead: string;
  /** Which of the two gives it away. */
  readonly knownBy: 'username' | 'password';
  /** False: it usually expires, and a lasting login can look the same. */
  readonly certain: boolean;
}

interface Login {
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

interface Known extends ShortLivedLogin {
  readonly matches: (login: Login) => boolean;
}

/** https://learn.microsoft.com/azure/container-registry/container-registry-authentication */
const AZURE_HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.azurecr\.(?:io|cn|us)$/;
const AZURE_TOKEN_USER = '00000000-0000-0000-0000-000000000000';
const IBM_HOST = /^(?:[a-z0-9-]+\.)?icr\.io$/;

export function isAzureHost(host: string): boolean {
  return AZURE_HOST.test(host);
}

export const AZURE_INSTEAD =
  'use a service principal (its application id and secret), or the name and password of a repository-scoped token';
export const GOOGLE_INSTEAD = 'use the source kind "google" with a service account key (--key-file)';

const KNOWN: readonly Known[] = [
  {
    matches: ({ username, host }) => username === 'AWS' && parseEcrHost(host) !== undefined,
    knownBy: 'username',
    what: 'a token of 12 hours of Amazon ECR',
    instead: 'use the source kind "ecr"',
    certain: true,
  },
  {
    matches: ({ username }) => username === 'AWS',
    knownBy: 'username',
    what: 'a token of 12 hours of Amazon ECR',
    instead: 'use the source kind "ecr", and name the ECR host behind this address as upstream (--upstream)',
    certain: true,
  },
  {
    matches: ({ username, host }) =>
      isGoogleHost(host) && (/^(?:oauth2accesstoken|_token)$/.test(username) || username.startsWith('_dcgcr_')),
    knownBy: 'username',
    what: 'a token of Google that expires within an hour',
    instead: GOOGLE_INSTEAD,
    certain: true,
  },
  {
    matches: ({ username, host }) => username === AZURE_TOKEN_USER && isAzureHost(host),
    knownBy: 'username',
    what: 'a token of Azure that expires within 3 hours',
    instead: AZURE_INSTEAD,
    certain: true,
  },
  {
    matches: ({ username, host }) => username === 'iambearer' && IBM_HOST.test(host),
    knownBy: 'username',
    what: 'a token of IBM Cloud that expires within an hour',
    instead: 'use the user name "iamapikey" with an API key',
    certain: true,
  },
  {
    matches: ({ password }) => /^ghs_[A-Za-z0-9._-]{30,}$/.test(password),
    knownBy: 'password',
    what: 'a token of a GitHub workflow or app, which expires within hours',
    instead: 'use a personal access token (classic) with the scope "read:packages"',
    certain: true,
  },
  {
    matches: ({ password }) => password.startsWith('glcbt-'),
    knownBy: 'password',
    what: 'the token of a GitLab job, which expires with the job',
    instead: 'use a deploy token with the scope "read_registry"',
    certain: true,
  },
  {
    matches: ({ username }) => username === 'gitlab-ci-token',
    knownBy: 'username',
    what: 'usually the token of a GitLab job, which expires with the job',
    instead: 'use a deploy token with the scope "read_registry"',
    certain: false,
  },
  {
    matches: ({ username, password }) => username === 'x-access-token' || /^ghu_[A-Za-z0-9._-]{30,}$/.test(password),
    knownBy: 'username',
    what: 'usually a token of a GitHub app, which expires within hours',
    instead: 'use a personal access token (classic) with the scope "read:packages"',
    certain: false,
  },
  {
    matches: ({ username }) => username === 'iambearer',
    knownBy: 'username',
    what: 'usually a token of IBM Cloud, which expires within an hour',
    instead: 'use the user name "iamapikey" with an API key',
    certain: false,
  },
  {
    matches: ({ password }) => password.startsWith('sha256~'),
    knownBy: 'password',
    what: 'usually a token of an OpenShift session, which expires within a day',
    instead: 'use the token of a service account',
    certain: false,
  },
];

/** @param login.host canonical. Undefined: nothing says that it expires. */
export function shortLivedLogin(login: Login): ShortLivedLogin | undefined {
  return KNOWN.find(({ matches }) => matches(login));
}
