/**
 * How far a server is: its port is open before its store, and closes before it. Of its health alone
 * it can tell at once; all else waits, or is finished.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isHealthPath, stageHealth } from './health.ts';
import { answerHeaders } from './security-headers.ts';

export class Stage {
  #name: 'starting' | 'serving' | 'closing' = 'starting';

  serve(): void {
    this.#name = 'serving';
  }

  close(): void {
    this.#name = 'closing';
  }

  /**
   * Answers what is asked about health while the application is not to be asked.
   * @returns whether it was answered.
   */
  answers(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#name === 'serving') return false;
    const path = request.url?.split('?')[0] ?? '';
    if (!isHealthPath(path)) return false;
    const answer = stageHealth(this.#name, path, request.method ?? '');
    response.writeHead(answer.status, { ...answerHeaders, ...answer.headers });
    response.end(answer.body ?? undefined);
    return true;
  }
}
