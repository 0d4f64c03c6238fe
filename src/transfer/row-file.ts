/** A file of rows that is written in order, however many they are. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile, syncPath, writeParquet } from '../db/index.ts';
import { type Column, type RowText, rowText } from './columns.ts';
import type { Format } from './formats.ts';
import type { ExportedFile } from './manifest.ts';

/** Of UTF-8. */
const bytesPerUnitMax = 3;

export class RowFile<Row> {
  readonly #directory: string;
  readonly #name: string;
  readonly #format: Format;
  readonly #columns: readonly Column<Row>[];
  readonly #text: RowText<Row>;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;
  /** In UTF-16 code units. */
  #longestLine = 0;

  private constructor(
    directory: string,
    name: string,
    format: Format,
    columns: readonly Column<Row>[],
    file: FileHandle,
  ) {
    this.#directory = directory;
    this.#name = name;
    this.#format = format;
    this.#columns = columns;
    this.#text = rowText(columns, format);
    this.#file = file;
  }

  /** @param name of the file, without what its format adds. */
  static async create<Row>(
    directory: string,
    name: string,
    format: Format,
    columns: readonly Column<Row>[],
  ): Promise<RowFile<Row>> {
    const file = await open(join(directory, `${name}.${lineFormat(format)}`), 'wx');
    const rows = new RowFile(directory, name, format, columns, file);
    await rows.#write(rows.#text.head);
    return rows;
  }

  /** Adds some rows. */
  async add(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    let lines = '';
    for (const row of rows) {
      const line = this.#text.lineOf(row);
      lines += line;
      if (line.length > this.#longestLine) this.#longestLine = line.length;
    }
    this.#rows += rows.length;
    await this.#write(lines);
  }

  /** All rows were added. @returns the file, once it is on disk. */
  async end(): Promise<ExportedFile> {
    await this.#file.sync();
    await this.#file.close();
    const about = { file: `${this.#name}.${this.#format}`, rows: this.#rows };
    if (this.#format !== 'parquet') {
      return { ...about, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
    }
    const lines = join(this.#directory, `${this.#name}.${lineFormat('parquet')}`);
    const path = join(this.#directory, about.file);
    await writeParquet(lines, path, this.#columns, this.#longestLine * bytesPerUnitMax);
    await rm(lines);
    await syncPath(path);
    return { ...about, ...(await digestFile(path)) };
  }

  /** Gives it up; what is there of it goes with its directory. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    if (this.#format !== 'parquet') this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#file.writeFile(bytes);
  }
}

/** The format of the lines that a file is made of. */
function lineFormat(format: Format): Exclude<Format, 'parquet'> {
  return format === 'parquet' ? 'ndjson' : format;
}
