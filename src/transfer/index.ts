/** In and out: what moves records between a log and files. */
export { type ExportOptions, runExport } from './export-command.ts';
export { type ImportOptions, runImport } from './import-command.ts';
export { type PutOptions, runPut } from './put-command.ts';
