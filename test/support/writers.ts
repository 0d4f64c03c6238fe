/** Clients that write to a server all the time, and note what they were told of each write. */
import type { TestServer } from './server.ts';

const createTodo = `mutation ($id: ID!) {
  createTodo(input: { id: $id }) { ... on CreateTodoPayload { todo { id } } ... on Problem { code } }
}`;

export class Writers {
  /** The ids of todos whose creation was acknowledged. */
  readonly acknowledged: string[] = [];
  /** The codes of errors. */
  readonly codes: unknown[] = [];
  readonly #server: TestServer;
  readonly #clients: Promise<void>[];
  #ends = false;
  #count = 0;

  /** Begins to write. @param clients each sends one mutation after the other. */
  constructor(server: TestServer, clients: number) {
    this.#server = server;
    this.#clients = Array.from({ length: clients }, () => this.#write());
  }

  /** Sends no more, and waits for the last answers. */
  async stop(): Promise<void> {
    this.#ends = true;
    await Promise.all(this.#clients);
  }

  async #write(): Promise<void> {
    while (!this.#ends) {
      this.#count += 1;
      const id = `t${this.#count}`;
      const answer = await this.#server.ask(createTodo, { id }).catch(() => null);
      if (!answer) return;
      if (answer.data?.createTodo?.todo) this.acknowledged.push(id);
      else this.codes.push(answer.errors?.[0]?.extensions?.code ?? answer.data?.createTodo.code);
    }
  }
}
