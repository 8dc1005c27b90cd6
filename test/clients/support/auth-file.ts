/** Credentials in the form in which container clients keep them: `{auths: {host: {auth}}}`. */

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface AuthFile {
  readonly auths: Readonly<Record<string, { readonly auth: string }>>;
}

export function basicCredentials({ username, password }: Login): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** By registry address. */
export function authsOf(logins: Readonly<Record<string, Login>>): AuthFile {
  return {
    auths: Object.fromEntries(
      Object.entries(logins).map(([address, login]) => [address, { auth: basicCredentials(login) }]),
    ),
  };
}
