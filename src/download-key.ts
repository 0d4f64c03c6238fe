/** The key that signs URLs of downloads: one for each data directory, made when it is first needed. */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WrongSetting } from './config.ts';

const keyBytes = 32;

/**
 * Whichever process comes first makes it; all others, and later ones, read it.
 * @param directory of the data. What is in it can be read by whoever runs the server alone.
 * @returns 32 bytes.
 * @throws WrongSetting when the file cannot be read or made, or has too little in it.
 */
export function downloadKeyIn(directory: string): Uint8Array {
  const path = join(directory, 'download-key');
  try {
    if (!existsSync(path)) makeKey(path);
    return readKey(path);
  } catch (error) {
    if (error instanceof WrongSetting) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new WrongSetting(`${path}, which signs downloads, cannot be read or made (${code}).`);
  }
}

function readKey(path: string): Uint8Array {
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (key.length >= keyBytes) return key;
  throw new WrongSetting(
    `${path}, which signs downloads, must have ${keyBytes} bytes in hexadecimal. Delete it: a new one is made.`,
  );
}

/** Written beside it and linked into its place: nobody ever reads a part of it. */
function makeKey(path: string): void {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, `${randomBytes(keyBytes).toString('hex')}\n`, { mode: 0o600 });
  try {
    linkSync(beside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(beside);
  }
}
