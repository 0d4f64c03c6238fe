/** Rows on their way to whoever asked: some at a time, so that reading them holds nobody up. */
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import type { Message, TableColumn, TableRow } from '../question.ts';
import { Failure } from './failure.ts';
import { jsonValue } from './json-values.ts';

/** About how much JSON one message has, in UTF-16 code units. */
const messageLength = 64 * 1024;

export interface AnswerTerms {
  readonly bytesMax: number;
  readonly send: (message: Message) => void;
}

export class AnswerSender {
  readonly #terms: AnswerTerms;
  #rows: TableRow[] = [];
  #length = 0;
  #sent = 0;

  constructor(terms: AnswerTerms) {
    this.#terms = terms;
  }

  columns(columns: readonly TableColumn[]): void {
    this.#count(JSON.stringify(columns).length);
    this.#terms.send({ type: 'columns', columns });
  }

  /** @throws Failure when the answer becomes larger than one may be. */
  row(row: TableRow): void {
    const { length } = JSON.stringify(row);
    this.#count(length);
    this.#rows.push(row);
    this.#length += length;
    if (this.#length >= messageLength) this.flush();
  }

  /** Sends the rows that were not sent yet. */
  flush(): void {
    if (this.#rows.length > 0) this.#terms.send({ type: 'rows', rows: this.#rows });
    this.#rows = [];
    this.#length = 0;
  }

  #count(length: number): void {
    this.#sent += length;
    if (this.#sent > this.#terms.bytesMax) {
      const message = `The rows come to more than ${this.#terms.bytesMax} bytes. Ask for fewer, or for fewer columns.`;
      throw new Failure('answer', message);
    }
  }
}

/**
 * Runs a query, sends its columns and its first rows, and counts the rest.
 * @returns how many rows there are in all.
 */
export async function sendRows(
  connection: DuckDBConnection,
  sql: string,
  first: number,
  sender: AnswerSender,
): Promise<number> {
  const result = await connection.stream(sql);
  sender.columns(columnsOf(result));
  let total = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return total;
    const wanted = Math.min(chunk.rowCount, Math.max(0, first - total));
    for (let index = 0; index < wanted; index += 1) {
      sender.row(chunk.getRowValues(index).map(jsonValue));
    }
    total += chunk.rowCount;
  }
}

export function columnsOf(result: DuckDBResult): TableColumn[] {
  const types = result.columnTypes();
  return result.columnNames().map((name, index) => ({ name, type: String(types[index]) }));
}
