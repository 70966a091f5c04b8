import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, step } from './step.mjs';

/**
 * Installs what package-lock.json names, unless node_modules holds it already.
 * @returns {Promise<boolean>} Whether everything is there.
 */
export async function install() {
  return isInstalled() || step('Installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** npm writes what it installed to node_modules/.package-lock.json as its last act, so an interrupted run leaves none. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf('node_modules/.package-lock.json');
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true; // a workspace: its link below node_modules has an entry of its own
    const found = present[path];
    if (found === undefined) return entry.optional === true; // made for another platform
    return found.version === entry.version && found.integrity === entry.integrity && found.resolved === entry.resolved;
  });
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
