/** Which requests bring files, told by their heads. */
import type { IncomingMessage } from 'node:http';
import { folderPath, uploadsPath } from '../../resolvers/index.ts';
import { parseMediaType } from './media-types.ts';

/** Whether its body may be as large as a file may, and take as long as its line needs. */
export function isUpload({ method, url = '', headers }: IncomingMessage): boolean {
  if (method === 'PUT') return url.startsWith(folderPath(null));
  if (method === 'PATCH') return url.startsWith(uploadsPath);
  if (method !== 'POST') return false;
  const type = parseMediaType(headers['content-type'] ?? '')?.type;
  return type === 'multipart/form-data' || url.startsWith(uploadsPath);
}
