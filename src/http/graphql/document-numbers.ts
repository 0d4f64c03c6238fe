/**
 * Numbers for documents, to name what was asked in few characters. Yoga keeps what it parsed lately:
 * the same text is the same document as long as it does.
 */
import type { DocumentNode } from 'graphql';

export class DocumentNumbers {
  readonly #numbers = new WeakMap<DocumentNode, number>();
  #last = 0;

  of(document: DocumentNode): number {
    let number = this.#numbers.get(document);
    if (number === undefined) {
      this.#last += 1;
      number = this.#last;
      this.#numbers.set(document, number);
    }
    return number;
  }
}
