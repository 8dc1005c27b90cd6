import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/host/**', 'test/aws/**', 'test/package/**', 'node_modules/**'],
    setupFiles: ['test/support/block-network.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
