/** A file that came with an operation: its bytes are stored, and wait to be kept. */
import type { Uploaded } from '../db/index.ts';

export class FileUpload {
  readonly uploaded: Uploaded;

  constructor(uploaded: Uploaded) {
    this.uploaded = uploaded;
  }
}
