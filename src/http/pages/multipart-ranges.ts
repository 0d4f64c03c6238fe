/** Several byte ranges in one answer, as RFC 9110, section 14.6, has them: multipart/byteranges. */
import { randomUUID } from 'node:crypto';
import type { ByteRange } from './byte-ranges.ts';

export class MultipartRanges {
  readonly #boundary = `ranges-${randomUUID()}`;
  readonly #ranges: readonly ByteRange[];
  readonly #size: number;
  readonly #mediaType: string;

  /** @param size of the whole in bytes. @param mediaType of the whole. */
  constructor(ranges: readonly ByteRange[], size: number, mediaType: string) {
    this.#ranges = ranges;
    this.#size = size;
    this.#mediaType = mediaType;
  }

  get contentType(): string {
    return `multipart/byteranges; boundary=${this.#boundary}`;
  }

  /** How long the body is, in bytes. */
  get length(): number {
    return this.#ranges.reduce(
      (sum, range) => sum + this.#headOf(range).length + range.last - range.first + 1,
      this.#end.length,
    );
  }

  /** Yields the body. @param read the bytes of one range. */
  async *body(read: (range: ByteRange) => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for (const range of this.#ranges) {
      yield this.#headOf(range);
      yield* read(range);
    }
    yield this.#end;
  }

  #headOf(range: ByteRange): Buffer {
    const head = [
      `\r\n--${this.#boundary}`,
      `content-type: ${this.#mediaType}`,
      `content-range: ${contentRange(range, this.#size)}`,
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
  }

  get #end(): Buffer {
    return Buffer.from(`\r\n--${this.#boundary}--\r\n`);
  }
}

/** The Content-Range of a part of a whole of `size` bytes. */
export function contentRange({ first, last }: ByteRange, size: number): string {
  return `bytes ${first}-${last}/${size}`;
}
