/**
 * Where Prometheus asks: /metrics on a port of its own, so that whoever may ask the server need not be
 * let in here. Of several processes the first answers for all of them.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Config } from './config.ts';
import { FrontDoor } from './http/server/front-door.ts';
import { hostRule } from './http/server/hosts.ts';
import { answerHeaders } from './http/server/security-headers.ts';
import { serverBounds } from './http/server/server-bounds.ts';
import { listen, urlOf } from './listen.ts';
import { contentType, expositionOf, type OfWorker } from './metrics/index.ts';

type ReadAll = () => Promise<readonly OfWorker[]>;

type Place = Pick<Config, 'metricsHost' | 'allowedHosts'> & { readonly metricsPort: number };

export interface MetricsPage {
  /** Where it is. */
  readonly url: string;
  readonly close: () => void;
}

/**
 * Opens it, before there is anything to tell: a port in use is found out first.
 * @param readAll asked once for all who ask at the same time.
 * @param onFault told of what could not be told.
 * @throws WrongSetting where it cannot listen.
 */
export async function openMetricsPage(
  { metricsHost, metricsPort, allowedHosts }: Place,
  readAll: ReadAll,
  onFault: (error: unknown) => void,
): Promise<MetricsPage> {
  const door = new FrontDoor(hostRule(metricsHost, allowedHosts));
  let reading: Promise<string> | null = null;
  const read = () => {
    reading ??= readAll()
      .then(expositionOf)
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  const server = createServer(serverBounds(), (request, response) => {
    if (!door.answers(request, response)) answer(request, response, read, onFault);
  });
  const flags = { host: '--metrics-host', port: '--metrics-port' };
  await listen(server, { host: metricsHost, port: metricsPort }, flags);
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `${urlOf(server)}/metrics`, close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  read: () => Promise<string>,
  onFault: (error: unknown) => void,
): Promise<void> {
  const plain = { 'content-type': 'text/plain; charset=utf-8', ...answerHeaders };
  if (request.url?.split('?')[0] !== '/metrics') {
    response.writeHead(404, plain).end('Metrics are at /metrics.\n');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...plain, allow: 'GET, HEAD' }).end('Metrics can only be read.\n');
    return;
  }
  try {
    const text = await read();
    response.writeHead(200, { ...plain, 'content-type': contentType, 'cache-control': 'no-store' });
    response.end(text);
  } catch (error) {
    onFault(error);
    response.writeHead(500, plain).end('The metrics could not be gathered; the log says why.\n');
  }
}
