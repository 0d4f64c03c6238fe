/**
 * What keeps a DuckDB in its place: it loads nothing, touches no file but those it is allowed, and
 * cannot be told otherwise. In one place, so that none of those that are opened lacks a part of it.
 */
import { quotedText } from './sql-text.ts';

/** Options that each is created with. */
export const withoutExtensions = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
} as const;

/** What it may reach of the file system once it is locked: paths of files, and of directories. */
interface Reach {
  readonly paths?: readonly string[];
  readonly directories?: readonly string[];
}

/** The statements that lock it for good, in order. What was attached before stays. */
export function lockStatements({ paths, directories }: Reach = {}): string[] {
  const list = (texts: readonly string[]) => `[${texts.map(quotedText).join(', ')}]`;
  return [
    ...(paths ? [`set allowed_paths = ${list(paths)}`] : []),
    ...(directories ? [`set allowed_directories = ${list(directories)}`] : []),
    'set enable_external_access = false',
    'set lock_configuration = true',
  ];
}
