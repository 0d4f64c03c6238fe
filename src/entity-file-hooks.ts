/**
 * How a user's entity file finds its modules: hooks that Node runs beside its own.
 * - `everstate` is the very package that serves the file, installed in its folder or not, so that
 *   a LakeFile it exports again is the one that the server knows.
 * - TypeScript is an ES module whatever its folder's package.json says; `npm init` says CommonJS.
 */
import type { InitializeHook, ResolveHook } from 'node:module';

let everstateUrl: string;

export const initialize: InitializeHook<string> = (url) => {
  everstateUrl = url;
};

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const found = await nextResolve(specifier === 'everstate' ? everstateUrl : specifier, context);
  return found.url.endsWith('.ts') ? { ...found, format: 'module' } : found;
};
