/** What the bundler's loader "text" makes of the host scripts. */
declare module '*/docker-credential-pullpass' {
  const text: string;
  export default text;
}

declare module '*/pullpass-host' {
  const text: string;
  export default text;
}

declare module '*.sh' {
  const text: string;
  export default text;
}
