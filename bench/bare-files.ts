/** The floor of uploads and downloads: node:http alone, which writes bodies to a file and reads them back. */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const path = join(process.argv[2] as string, 'file');
const server = createServer(async (request, response) => {
  if (request.method === 'PUT') {
    await pipeline(request, createWriteStream(path, { flush: true }));
    response.writeHead(201).end();
    return;
  }
  response.writeHead(200, { 'content-length': statSync(path).size });
  await pipeline(createReadStream(path), response);
});
// A round of the other server takes longer than Node keeps a connection.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  console.log(`http://127.0.0.1:${port}/graphql`);
});
process.on('SIGTERM', () => process.exit(0));
