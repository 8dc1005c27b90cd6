/**
 * How a client that writes secrets tries again. An account has about 50 writes a second of each kind: `adaptive` slows the
 * whole client down when it is told to, instead of asking ever again.
 */
export const SECRET_WRITER_SETTINGS = { retryMode: 'adaptive', maxAttempts: 5 } as const;
