/** The thread of UploadStorer: stores chunks of uploads, in the order in which it is told to. */
import { workerData } from 'node:worker_threads';
import { answerInThread } from '../shared/answer-in-thread.ts';
import { limits } from '../shared/limits.ts';
import type { ChunksOfUpload } from './contents/upload.ts';
import { addUploadChunks, touchUpload } from './contents/upload-rows.ts';
import { LogFile } from './sqlite/log-file.ts';
import { schemaVersion } from './sqlite/migrations.ts';
import { TransactionSteps } from './sqlite/transaction-steps.ts';
import { failureOf } from './upload-failure.ts';
import type { StoredUpTo } from './upload-storer.ts';

interface OpenedLog {
  readonly log: LogFile;
  readonly steps: TransactionSteps;
}

let opened: OpenedLog | null = null;

answerInThread(answer);

async function answer(chunks: ChunksOfUpload): Promise<StoredUpTo> {
  try {
    return { end: await store(chunks) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Nobody is told that an upload is stored before all of it is: only its end has to wait for the disk. */
async function store({ upload, begin, chunks, areLast, now }: ChunksOfUpload): Promise<number> {
  opened ??= openLog();
  const { log, steps } = opened;
  log.synchronizeCommits(areLast);
  await steps.begin();
  try {
    await touchUpload(log.kysely, upload, begin === 0, now);
    const end = await addUploadChunks(
      log.kysely,
      upload,
      begin,
      chunks,
      async () => {},
      log.run.bind(log),
    );
    steps.commit();
    return end;
  } catch (error) {
    if (log.inTransaction) steps.rollBack();
    throw error;
  }
}

function openLog(): OpenedLog {
  const log = LogFile.openAgain((workerData as { readonly path: string }).path, schemaVersion);
  log.keepPages(limits.uploadPagesBytes);
  log.leaveCheckpoints();
  return { log, steps: new TransactionSteps(log) };
}
