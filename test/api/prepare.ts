/**
 * Gets Schemathesis into the project's cache where it is missing; the second run only looks. And finds out whether this
 * machine can run something in a network of its own, since nothing that is generated may get out.
 */
import { join } from 'node:path';
import { lastLine, pythonVenv, run } from '../clients/prepare/python-venv.ts';

const VENV_FOLDER = join(import.meta.dirname, '../../.cache/api/venv');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

export interface Prepared {
  readonly python: string;
  readonly schemathesis: string;
  /** What a command line starts with that is to run where there is only loopback. */
  readonly isolated: readonly string[];
}

/** Or, in a sentence, why not. */
export function prepare(): Prepared | string {
  const venv = pythonVenv({ what: 'Schemathesis', folder: VENV_FOLDER, requirements: REQUIREMENTS });
  if ('missing' in venv) return `Schemathesis cannot be installed: ${venv.missing}`;
  const python = venv.path;
  // What is started in there ends with it, whichever way that ends.
  const namespaces = ['--map-root-user', '--net', '--pid', '--fork', '--kill-child'];
  const isolated = ['unshare', ...namespaces, python, join(import.meta.dirname, 'loopback.py')];
  const tried = run(isolated[0] ?? '', ...isolated.slice(1), 'true');
  if (!tried.ok) return `unshare cannot make namespaces here: ${lastLine(tried.said)}`;
  return { python, schemathesis: join(VENV_FOLDER, 'bin/schemathesis'), isolated };
}
