import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

/** `./a.js` means `./a.ts` here, and the packages of this repository are found by their source condition. */
export async function resolve(specifier, context, next) {
  const fromSource = { ...context, conditions: [...context.conditions, '@mayfly/source'] };
  if (specifier.startsWith('.') && context.parentURL?.endsWith('.ts'))
    return next(specifier.replace(/\.js$/, '.ts'), fromSource);
  return next(specifier, fromSource);
}

/** Takes the types out. */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const text = await readFile(fileURLToPath(url), 'utf8');
  const { code } = await transform(text, { loader: 'ts', format: 'esm', sourcefile: url, sourcemap: 'inline' });
  return { format: 'module', source: code, shortCircuit: true };
}
