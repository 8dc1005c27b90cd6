/** What the functions that refresh credentials have in common. */
import { Duration } from 'aws-cdk-lib';
import type { BundledFunctionProps } from '../bundled-function.ts';

export const REFRESHER: Pick<BundledFunctionProps, 'memoryMegabytes' | 'timeout' | 'unattended' | 'talksToRegistries'> =
  {
    memoryMegabytes: 512,
    timeout: Duration.seconds(180),
    // The schedule tries again every minute in any case.
    unattended: { retries: 1, maximumAge: Duration.minutes(5) },
    talksToRegistries: true,
  };
