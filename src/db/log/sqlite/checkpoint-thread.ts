/** The thread of Checkpoints: takes the write-ahead log in whenever it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointFailure } from './checkpoints.ts';
import { LogFile } from './log-file.ts';
import { schemaVersion } from './migrations.ts';
import { sqliteCode } from './storage-errors.ts';

let opened: LogFile | null = null;

parentPort?.on('message', () => parentPort?.postMessage(takeIn()));

function takeIn(): CheckpointFailure {
  try {
    opened ??= LogFile.openAgain((workerData as { readonly path: string }).path, schemaVersion);
    opened.takeIn();
    return null;
  } catch (error) {
    return { message: (error as Error).message, code: sqliteCode(error) };
  }
}
