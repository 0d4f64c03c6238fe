/** The thread of Checkpoints: takes the write-ahead log in whenever it is told to. */
import { workerData } from 'node:worker_threads';
import { answerInThread } from '../../shared/answer-in-thread.ts';
import { LogFile } from './log-file.ts';
import { schemaVersion } from './migrations.ts';
import { type SentError, sentError } from './storage-errors.ts';

let opened: LogFile | null = null;

answerInThread(takeIn);

/** @returns what was thrown; null for nothing. */
function takeIn(): SentError | null {
  try {
    opened ??= LogFile.openAgain((workerData as { readonly path: string }).path, schemaVersion);
    opened.takeIn();
    return null;
  } catch (error) {
    return sentError(error);
  }
}
