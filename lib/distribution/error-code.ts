/** The code of an error from Node, and nothing else of it: messages may carry what a peer sent. */
export function errorCode(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
  return hasCode && typeof error.code === 'string' ? error.code : 'unknown';
}
