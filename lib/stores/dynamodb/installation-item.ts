/** The one item about the installation itself. */
import { keyOf, type Item } from './attributes.ts';
import { PREFIX } from './table-schema.ts';

/** Made once, the same for ever. */
export const INSTALLATION_ID = 'id';
/** When the table was begun; tables of versions that did not note it have none. */
export const SINCE = 'since';
/** The last order that was given to a registry. */
export const LAST_ORDER = 'lastOrder';
/** The source kinds that registries ever had: the partitions of the indexes by kind. */
export const KINDS = 'kinds';

export function installationKey(): Item {
  return keyOf(PREFIX.installation, 'installation');
}
