/**
 * Code for Node in few files, together with the packages that it uses: to find, read and compile the
 * thousand small ones that they are written in took more than half of a start.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const require = createRequire(import.meta.url);

const { peerDependencies } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'),
) as { readonly peerDependencies: Readonly<Record<string, string>> };

/**
 * Packages that stay where they are installed: what is not JavaScript, what has files of its own to find,
 * and graphql, which users import as well, and which refuses objects of a second copy of itself.
 */
const commonJs = beginsWith(['graphql', 'better-sqlite3', '@duckdb/node-api', 'pino']);

/** The same of ES modules: what may be missing, and what its plugins have to find. */
const modules = beginsWith(['tsx', '@pothos/core', ...Object.keys(peerDependencies)]);

function beginsWith(packages: readonly string[]): RegExp {
  return new RegExp(`^(${packages.join('|')})(/|$)`);
}

/**
 * Bundles sources, each into a file of its own beside those that they share.
 * @param root the directory that they are in. The output is laid out as it is.
 * @param sources their paths below it.
 * @param outDir where to; what is there is overwritten, or stays.
 * @throws when something cannot be bundled; what, esbuild prints.
 */
export async function bundle(
  root: string,
  sources: readonly string[],
  outDir: string,
): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [
      { in: placesModule, out: 'places' },
      ...sources.map((source) => ({
        in: resolve(root, source),
        out: source.replace(/\.ts$/, ''),
      })),
    ],
    outdir: outDir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    // What packages that are no ES modules are written with.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);`,
    },
    plugins: [places(root), packagesApart],
    logLevel: 'error',
  });
}

/** It knows where the output lies, since it is in the same directory wherever esbuild puts it. */
const placesModule = 'everstate:places';

/**
 * What lies beside a source is found from where the source would lie if it were not bundled: the address of
 * its module, `import.meta.url`, stays what it was.
 */
function places(root: string): Plugin {
  return {
    name: 'places',
    setup({ onResolve, onLoad }) {
      const filter = new RegExp(`^${placesModule}$`);
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'places' }));
      onLoad({ filter, namespace: 'places' }, () => ({
        contents: 'export const urlOfModule = (path) => new URL(path, import.meta.url).href;',
      }));
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta.url')) return undefined;
        const module = JSON.stringify(relative(root, path).replace(/\.ts$/, '.js'));
        const code = text.replaceAll('import.meta.url', `urlOfModule(${module})`);
        return { contents: `import { urlOfModule } from '${placesModule}';${code}`, loader: 'ts' };
      });
    },
  };
}

/**
 * Node reads every file of a package that is no ES module for the names that it exports, before it runs
 * them, when the package is imported; not when it is required.
 */
const packagesApart: Plugin = {
  name: 'packages apart',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: modules }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: commonJs }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'required' } : { path, external: true },
    );
    onLoad({ filter: /./, namespace: 'required' }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => name !== 'default');
      // One by one: looked up in a whole package they would be called for each time that they are used.
      const contents = `const whole = require(${JSON.stringify(path)});
        export default whole;
        export const { ${names.join(', ')} } = whole;`;
      return { contents, resolveDir: import.meta.dirname };
    });
  },
};
