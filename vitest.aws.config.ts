import { defineConfig } from 'vitest/config';

/** What needs a stand-in for AWS or Java. `npm run test:aws` prepares the machine first. */
export default defineConfig({
  test: {
    include: ['test/aws/**/*.test.ts'],
    setupFiles: ['test/support/block-network.ts'],
    // Children of a test are bound to the process that started them: files must not share one, nor be threads of one.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
  },
});
