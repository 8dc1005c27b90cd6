import { defineConfig } from 'vitest/config';

/** The package as npm makes and installs it. Needs npm and the package registry, curl, and Linux. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    setupFiles: ['test/support/block-network.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
