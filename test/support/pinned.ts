/** GraphQL over one connection that stays open: all of it reaches the same process. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Answer } from './server.ts';

export class PinnedConnection {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
    // A server closes a connection that has stood still for five seconds.
    const beat = setInterval(() => this.ask('{ __typename }').catch(() => {}), 1_000);
    onTestFinished(() => {
      clearInterval(beat);
      this.#agent.destroy();
    });
  }

  /** Sends one operation. @throws when the connection ends before the answer. */
  async ask(query: string, variables: object = {}): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers });
    sent.end(JSON.stringify({ query, variables }));
    const [response] = await once(sent, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return JSON.parse(text) as Answer;
  }

  /** Sends one operation that must succeed; its data. */
  async data(query: string, variables: object = {}): Promise<Answer['data']> {
    const { data, errors } = await this.ask(query, variables);
    if (errors) throw new Error(errors.map(({ message }) => message).join('\n'));
    return data;
  }
}
