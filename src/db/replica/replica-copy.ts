/** Copies of replica files, which are whole although their process goes on writing into them. */
import { copyFile, open } from 'node:fs/promises';
import { limits } from '../shared/limits.ts';

/**
 * DuckDB's three headers, of 4 KiB each. A checkpoint writes blocks that the last one did not need,
 * and then one of the headers, by turns: while they are the same, so is all that they lead to.
 */
const headerBytes = 3 * 4_096;

/**
 * Copies a file between two checkpoints.
 * @returns whether there was a copy without a checkpoint meanwhile; it is tried a few times.
 * @throws what reading or writing files throws.
 */
export async function copyReplica(from: string, to: string): Promise<boolean> {
  for (let copies = 0; copies < limits.replicaCopiesMax; copies += 1) {
    const before = await readHeaders(from);
    await copyFile(from, to);
    if (before.equals(await readHeaders(from))) return true;
  }
  return false;
}

async function readHeaders(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
