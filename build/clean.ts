/** Removes what an earlier build left in dist/: a file that is not made any more must not be packed. */
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
