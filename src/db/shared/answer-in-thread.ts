/** What runs in an OwnThread: answers what the thread is asked, in that order. */
import { parentPort } from 'node:worker_threads';
import { hasOwnMemory } from './own-memory.ts';

/**
 * @param answer what it throws ends the thread, which whoever waits is told.
 * @param handedOver bytes of an answer whose memory goes with it, unless others share it.
 */
export function answerInThread<Question, Answer>(
  answer: (question: Question) => Answer | Promise<Answer>,
  handedOver: (answer: Answer) => readonly Uint8Array[] = () => [],
): void {
  let turn: Promise<void> = Promise.resolve();
  parentPort?.on('message', (question: Question) => {
    turn = turn.then(async () => {
      const answered = await answer(question);
      const memory = handedOver(answered).filter(hasOwnMemory);
      parentPort?.postMessage(
        answered,
        memory.map(({ buffer }) => buffer),
      );
    });
  });
  // Nobody would hear of an answer that did not come, and all that follow would be taken for others.
  parentPort?.on('messageerror', (error) => {
    throw error;
  });
}
