import { defineConfig } from 'vitest/config';

/** Real registries, real clients, the real host scripts. `npm run test:clients` prepares the machine first. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts', 'test/host/**/*.test.ts'],
    setupFiles: ['test/support/block-network.ts'],
    // Children of a test are bound to the process that started them: files must not share one, nor be threads of one.
    pool: 'forks',
    // Much of it is waiting: for expiries, for processes to start.
    maxWorkers: 4,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
