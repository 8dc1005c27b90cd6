/**
 * What agents send. Apart from what administrators do (request-schemas.ts), which would be in the bundles of the functions
 * that face hosts.
 */
import * as z from 'zod/mini';

const image = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(4096),
    z.meta({ description: 'An image reference', pattern: '^[!-~]{1,1024}$', examples: ['quay.io/team/app:1'] }),
  );

export const resolveRequest = z.strictObject({ image });

export const rejectionRequest = z.strictObject({
  registryId: z.string().check(z.minLength(1), z.maxLength(64)),
  version: z.string().check(z.minLength(1), z.maxLength(64)),
});

export const exportQuery = z.strictObject({ paths: z.optional(z.enum(['true', 'false'])) });

export const hostConfigQuery = z.strictObject({ format: z.optional(z.enum(['json', 'lines'])) });

export const noQuery = z.strictObject({});
