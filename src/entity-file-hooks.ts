/**
 * How a user's entity file finds its modules: hooks that Node runs beside its own.
 * - `everstate` is the very package that serves the file, installed in its folder or not, so that
 *   a LakeFile it exports again is the one that the server knows.
 * - TypeScript is an ES module whatever its folder's package.json says; `npm init` says CommonJS.
 */
import type { InitializeHook, ResolveFnOutput, ResolveHook, ResolveHookContext } from 'node:module';

/** Hooks as `module.registerHooks` takes them, which Node 20 does not have. */
export interface SyncHooks {
  resolve(
    specifier: string,
    context: ResolveHookContext,
    nextResolve: (specifier: string, context: ResolveHookContext) => ResolveFnOutput,
  ): ResolveFnOutput;
}

/** @param everstateUrl where the package that serves the file lies. */
export function entityFileHooks(everstateUrl: string): SyncHooks {
  return {
    resolve: (specifier, context, nextResolve) =>
      asModule(nextResolve(specifier === 'everstate' ? everstateUrl : specifier, context)),
  };
}

let everstateUrl: string;

/** For `module.register`, which runs this file in a thread of its own. */
export const initialize: InitializeHook<string> = (url) => {
  everstateUrl = url;
};

export const resolve: ResolveHook = async (specifier, context, nextResolve) =>
  asModule(await nextResolve(specifier === 'everstate' ? everstateUrl : specifier, context));

function asModule(found: ResolveFnOutput): ResolveFnOutput {
  return found.url.endsWith('.ts') ? { ...found, format: 'module' } : found;
}
