/** How deep JSON is nested, told piece by piece, whether or not it is JSON. */

const [quote, backslash] = [0x22, 0x5c];
const [list, listEnd, object, objectEnd] = [0x5b, 0x5d, 0x7b, 0x7d];

export class Nesting {
  /** The deepest so far. */
  depthMax = 0;
  #depth = 0;
  #isText = false;
  #isEscaped = false;

  /** Byte by byte, with nothing made for any of them: a gigabyte may come. */
  add(piece: Uint8Array): void {
    const { length } = piece;
    let [depth, isText, isEscaped] = [this.#depth, this.#isText, this.#isEscaped];
    for (let index = 0; index < length; index += 1) {
      const byte = piece[index];
      if (isText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isText = false;
      } else if (byte === quote) isText = true;
      else if (byte === list || byte === object) {
        depth += 1;
        if (depth > this.depthMax) this.depthMax = depth;
      } else if (byte === listEnd || byte === objectEnd) depth -= 1;
    }
    [this.#depth, this.#isText, this.#isEscaped] = [depth, isText, isEscaped];
  }
}
