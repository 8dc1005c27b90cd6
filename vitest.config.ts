import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/host/**', 'test/aws/**', 'test/package/**', 'node_modules/**'],
    setupFiles: ['test/support/block-network.ts'],
    // Wide: a loaded machine is no fault of what is tested.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
