/**
 * What every catalogue must do. `open` gives a new, empty one for each test; nothing here knows what is behind it, so the
 * same suite runs against every implementation.
 */
import { describe } from 'vitest';

import { describeAudit } from './contract/audit-contract.ts';
import type { OpenCatalogue } from './contract/catalogue-under-test.ts';
import { describeDamage } from './contract/damage-contract.ts';
import { describePoliciesAndAgents } from './contract/policies-agents-contract.ts';
import { describeRefreshQueue } from './contract/refresh-queue-contract.ts';
import { describeRegistries } from './contract/registries-contract.ts';
import { describeRegistryLists } from './contract/registry-lists-contract.ts';

export function describeCatalogueContract(name: string, open: OpenCatalogue): void {
  describe(name, () => {
    describeRegistries(open);
    describeRegistryLists(open);
    describeRefreshQueue(open);
    describePoliciesAndAgents(open);
    describeAudit(open);
    describeDamage(open);
  });
}
