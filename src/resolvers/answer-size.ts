/**
 * How large an answer becomes, counted while it is made. What an operation allows is estimated
 * before it runs (src/http/document-size.ts); this holds for what it really is, and for texts.
 */
import { Unavailable } from '../db/index.ts';

/** The limits of one answer, each with its unit. */
export const answerLimits = {
  /** Most values: fields and items of lists. */
  answerValuesMax: 1_000_000,
  /** Most errors of fields. */
  answerErrorsMax: 400,
  /** Largest answer, as JSON. */
  answerBytesMax: 32 * 1024 * 1024,
  /** Most bytes of all answers that are made at a time; past it the large ones are refused. */
  answersBytesMax: 256 * 1024 * 1024,
  /** Most bytes of files that `data` and `text` may read for one answer, all of them together. */
  answerContentsBytesMax: 8 * 1024 * 1024,
} as const;

type AnswerLimit = Exclude<keyof typeof answerLimits, 'answersBytesMax'>;

/** What to ask instead. */
const remedies: Readonly<Record<AnswerLimit, string>> = {
  answerValuesMax: 'Ask for smaller pages or fewer fields, and page with `after`.',
  answerBytesMax: 'Ask for smaller pages or fewer fields, and page with `after`.',
  answerErrorsMax: 'Mend what the first errors tell of, or ask for less at once.',
  answerContentsBytesMax: 'Ask for fewer files at once, or fetch each at its `downloadUrl`.',
};

const units: Readonly<Record<AnswerLimit, string>> = {
  answerValuesMax: 'values',
  answerErrorsMax: 'errors',
  answerBytesMax: 'bytes',
  answerContentsBytesMax: 'bytes of files',
};

/** The answer would be larger than one may be. */
export class AnswerTooLarge extends Error {
  readonly code = 'ANSWER_TOO_LARGE';
  readonly limit: AnswerLimit;
  readonly max: number;
  /** GraphQL takes it for located: thousands of fields may fail with this one error. */
  readonly path: readonly string[] = [];
  constructor(limit: AnswerLimit) {
    const max = answerLimits[limit];
    super(`An answer may have at most ${max} ${units[limit]} (${limit}). ${remedies[limit]}`);
    this.limit = limit;
    this.max = max;
  }
}

/** What a field takes besides its name and value: two quotes, a colon and a comma. */
const fieldBytes = 4;
/** The braces of an object, or the brackets of a list. */
const bracketBytes = 2;
/** At least what a number or a moment takes, which is one of more than `smallNumber`. */
const otherBytes = 32;
const smallNumber = 1e9;
const smallNumberBytes = 12;

/** An answer of less is made, however many others are. */
const largeBytes = 1024 * 1024;

export class AnswerSize {
  /** Bytes of all answers that are being made. */
  static #allBytes = 0;
  #values = 0;
  #bytes = 0;
  #errors = 0;
  #contentsBytes = 0;
  #isOver = false;
  #exceeded: AnswerTooLarge | Unavailable | null = null;

  /** Why the answer cannot be given; null while it can. */
  get exceeded(): AnswerTooLarge | Unavailable | null {
    return this.#exceeded;
  }

  /** Counts a field that is one value. @throws AnswerTooLarge from the limit on. */
  addField(name: string, value: unknown): void {
    this.#add(1, name.length + fieldBytes + jsonBytes(value));
  }

  /** Counts a field that holds an object, a list, or nothing. @throws AnswerTooLarge. */
  addNested(name: string): void {
    this.#add(1, name.length + fieldBytes + bracketBytes);
  }

  /** Counts one object of a list. @throws AnswerTooLarge. */
  addItem(): void {
    this.#add(1, bracketBytes + 1);
  }

  /** Counts an error of a field. @throws AnswerTooLarge. */
  addError(): void {
    this.refuseWhenExceeded();
    this.#errors += 1;
    if (this.#errors > answerLimits.answerErrorsMax) this.#exceed('answerErrorsMax');
  }

  /** Counts contents of a file that are about to be read. @throws AnswerTooLarge. */
  addContents(bytes: number): void {
    this.refuseWhenExceeded();
    this.#contentsBytes += bytes;
    if (this.#contentsBytes > answerLimits.answerContentsBytesMax) {
      this.#exceed('answerContentsBytesMax');
    }
  }

  /** The answer was made, or given up: fields that are still worked out are for nobody. */
  end(): void {
    this.#isOver = true;
    AnswerSize.#allBytes -= this.#bytes;
  }

  /** @throws AnswerTooLarge: what is still to be worked out is for nobody. */
  refuseWhenExceeded(): void {
    if (this.#exceeded) throw this.#exceeded;
  }

  #add(values: number, bytes: number): void {
    this.refuseWhenExceeded();
    this.#values += values;
    this.#bytes += bytes;
    if (!this.#isOver) AnswerSize.#allBytes += bytes;
    if (this.#values > answerLimits.answerValuesMax) this.#exceed('answerValuesMax');
    if (this.#bytes > answerLimits.answerBytesMax) this.#exceed('answerBytesMax');
    if (AnswerSize.#allBytes > answerLimits.answersBytesMax && this.#bytes > largeBytes) {
      this.#exceeded = new Unavailable('Too many large answers are being made. Try again.');
      throw this.#exceeded;
    }
  }

  #exceed(limit: AnswerLimit): never {
    this.#exceeded = new AnswerTooLarge(limit);
    throw this.#exceeded;
  }
}

/** What JSON cannot hold as it is: it becomes two to six characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes
const escaped = /["\\\u0000-\u001f]/;

/** The long text that was measured last: aliases ask for one again and again. */
let measured = { text: '', bytes: 0 };

function textBytes(text: string): number {
  if (text === measured.text) return measured.bytes;
  const bytes = Buffer.byteLength(escaped.test(text) ? JSON.stringify(text) : text) + 2;
  measured = { text, bytes };
  return bytes;
}

/** How many bytes a value takes as JSON; of anything but texts, bytes and lists an upper bound. */
function jsonBytes(value: unknown): number {
  if (typeof value === 'string') return textBytes(value);
  // As Base64.
  if (value instanceof Uint8Array) return Math.ceil(value.length / 3) * 4 + 2;
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < smallNumber) {
    return smallNumberBytes;
  }
  let bytes = bracketBytes;
  if (Array.isArray(value)) {
    for (const item of value) bytes += jsonBytes(item) + 1;
    return bytes;
  }
  if (typeof value !== 'object' || value === null) return otherBytes;
  for (const [name, item] of Object.entries(value)) {
    bytes += name.length + fieldBytes + jsonBytes(item);
  }
  return bytes;
}
