/** What the schedules send to the functions that refresh, and what a rejection sends to have it done at once. */
export const REFRESH_EVENT = { pullpass: 'refresh' } as const;
