/** The trusted documents that the settings name. */
import { readFile } from 'node:fs/promises';
import { type Config, WrongSetting } from './config.ts';
import { readDocuments, TrustedDocuments, WrongDocuments } from './http/index.ts';

/** @throws WrongSetting when the file cannot be read, or holds something else. */
export async function loadDocuments(config: Config): Promise<TrustedDocuments> {
  const { trustedDocuments: path, trustedDocumentsOnly } = config;
  if (path === null) return new TrustedDocuments();
  try {
    return new TrustedDocuments(readDocuments(await readFile(path, 'utf8')), trustedDocumentsOnly);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = error instanceof WrongDocuments ? error.message : `it cannot be read (${code})`;
    throw new WrongSetting(`--trusted-documents ${path} is of no use: ${reason}.`);
  }
}
