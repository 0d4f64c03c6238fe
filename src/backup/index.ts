/** Backups of a log, and logs that are restored from them. */
export { type BackupOptions, backUp, runBackup } from './backup-command.ts';
export { type RestoreOptions, runRestore } from './restore-command.ts';
