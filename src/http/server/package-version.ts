/** The release that this is. */
import { createRequire } from 'node:module';

/** The version in package.json, which lies at the same place beside the sources and the build. */
export function packageVersion(): string {
  const load = createRequire(import.meta.url);
  return (load('../../../package.json') as { version: string }).version;
}
