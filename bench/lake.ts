/** Files: how quickly they come and go against node:http alone, and what their revisions take. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Dataset } from './dataset.ts';
import { logName } from './dataset.ts';
import { draw, drawIndex, randomFrom } from './random.ts';
import { comparison, type Figure, orientation, proportion, withUnit } from './results.ts';
import { takeTurns } from './rounds.ts';
import { type Server, startEverstate, startFile, withServers } from './server.ts';

const rounds = 5;
const mebibyte = 1024 * 1024;
const largeBytes = 128 * mebibyte;
const smallFiles = 10_000;
const smallBytes = 4_096;
const revisedBytes = 50 * 1_000_000;
const revisions = 20;
/** As those of fetch, which stay open. */
const connections = new Agent({ keepAlive: true });
const bareFiles = join(import.meta.dirname, 'bare-files.ts');

export async function measureLake(dataset: Dataset): Promise<Figure[]> {
  const parent = mkdtempSync(join(dataset.directory, '..', 'lake-'));
  const [own, floor] = [join(parent, 'everstate'), join(parent, 'floor')];
  mkdirSync(floor);
  try {
    const servers = [startEverstate(own), startFile(bareFiles, floor)];
    return await withServers(servers, async (...started) => {
      const both = started as [Server, Server];
      return [
        ...(await compare(both, 'bytes at random', () => randomBytes(largeBytes))),
        ...(await compare(both, 'lines of CSV', lines)),
        await compareSmall(both),
        ...(await revise(both[0], join(own, logName))),
      ];
    });
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

async function compare(
  [everstate, floor]: readonly [Server, Server],
  kind: string,
  bytesOf: () => Uint8Array,
): Promise<Figure[]> {
  const about = { benchmark: 'lake', unit: 'MiB/s', better: 'more' as const, aim: 0.5 };
  const size = `${largeBytes / mebibyte} MiB of ${kind}`;
  const put = async (server: Server, bytes: Uint8Array) =>
    await rate(() => send(fileAt(server, 'large'), bytes));
  // Others each time: what is stored already would not be stored again.
  const up = await takeTurns(
    rounds,
    async () => await put(everstate, bytesOf()),
    async () => await put(floor, bytesOf()),
  );
  const down = await takeTurns(
    rounds,
    async () => await rate(() => receive(fileAt(everstate, 'large'))),
    async () => await rate(() => receive(fileAt(floor, 'large'))),
  );
  return [
    comparison({ ...about, what: `PUT of ${size}, against node:http and a file` }, up),
    comparison({ ...about, what: `GET of ${size}, against node:http and a file` }, down),
  ];
}

/** Many small files, by as many clients as a browser has connections. */
async function compareSmall([everstate, floor]: readonly [Server, Server]): Promise<Figure> {
  const clients = 6;
  let round = 0;
  const put = async (server: Server) => {
    round += 1;
    const names = Array.from({ length: smallFiles }, (_, index) => `${round}-${index}`).values();
    const begin = performance.now();
    await Promise.all(
      Array.from({ length: clients }, async () => {
        for (const name of names) await send(fileAt(server, name), randomBytes(smallBytes));
      }),
    );
    return smallFiles / ((performance.now() - begin) / 1_000);
  };
  return comparison(
    {
      benchmark: 'lake',
      what: `PUT of ${smallFiles.toLocaleString('en')} files of ${smallBytes} bytes by ${clients} clients, against node:http and files`,
      unit: 'files/s',
      better: 'more',
    },
    await takeTurns(
      2,
      () => put(everstate),
      () => put(floor),
    ),
  );
}

/** A file that is changed a little, again and again. */
async function revise(server: Server, log: string): Promise<Figure[]> {
  const random = randomFrom(9);
  let bytes = randomBytes(revisedBytes);
  const url = fileAt(server, 'revised');
  await send(url, bytes);
  const before = storedBytes(log);
  for (let revision = 1; revision < revisions; revision += 1) {
    const at = drawIndex(random, bytes.length);
    const removed = drawIndex(random, 100);
    const added = randomBytes(draw(random, [1, 10, 100, 1_000]));
    bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
    await send(url, bytes);
  }
  const grown = storedBytes(log) - before;
  const what = `${revisions} revisions of 50 MB with small changes`;
  return [
    orientation('lake', `${what}: what the later ones take`, withUnit(grown / mebibyte, 'MiB')),
    proportion('lake', `${what}, by one copy`, 1 + grown / revisedBytes, '< 1.3'),
  ];
}

/** What the log takes, its free pages left out, in bytes. */
function storedBytes(log: string): number {
  const database = new Database(log, { readonly: true });
  const ask = (name: string) => database.pragma(name, { simple: true }) as number;
  const bytes = (ask('page_count') - ask('freelist_count')) * ask('page_size');
  database.close();
  return bytes;
}

function fileAt({ url }: Server, name: string): string {
  return new URL(`/files/by-path/${name}`, url).href;
}

/** MiB per second of a large file. */
async function rate(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return largeBytes / mebibyte / ((performance.now() - begin) / 1_000);
}

async function send(url: string, bytes: Uint8Array): Promise<void> {
  await exchange(url, { method: 'PUT', headers: { 'content-length': bytes.length } }, bytes);
}

async function receive(url: string): Promise<void> {
  const bytes = await exchange(url, {});
  if (bytes < largeBytes) throw new Error(`GET gave ${bytes} bytes.`);
}

/**
 * By node:http: fetch takes ten times as long to send so many bytes as a server to receive them.
 * @returns how many bytes the answer has.
 */
async function exchange(url: string, options: RequestOptions, body?: Uint8Array): Promise<number> {
  const asked = request(url, { ...options, agent: connections });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let bytes = 0;
  response.on('data', (piece: Uint8Array) => {
    bytes += piece.length;
  });
  await once(response, 'end');
  const { statusCode = 0 } = response;
  if (statusCode >= 300) throw new Error(`The server answered ${statusCode}.`);
  return bytes;
}

/** Numbers as measurements have them. */
function lines(): Uint8Array {
  const random = randomFrom(Math.floor(performance.now()));
  const bytes = Buffer.alloc(largeBytes);
  let end = 0;
  for (let row = 0; end < largeBytes; row += 1) {
    const value = (random() * 1_000).toFixed(3);
    end += bytes.write(`${row},sensor-${drawIndex(random, 40)},${value},ok\n`, end);
  }
  return bytes;
}
