/** A real browser for tests, from npm alone where that is possible; nothing leaves the machine. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import bundled from '@sparticuz/chromium';
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
  type Page,
} from 'playwright-core';

/** The bundled browser takes its time to unpack, once per `npm ci`. */
const cacheDirectory = resolve(import.meta.dirname, '../../node_modules/.cache');

/** No host has an address but this one: whatever asks for another fails, as it does offline. */
const offline = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

interface Candidate {
  readonly name: string;
  readonly options: () => LaunchOptions | Promise<LaunchOptions>;
}

/**
 * Starts the browser that CHROMIUM_PATH names; without it the one in @sparticuz/chromium (Linux
 * x64), else a Chrome, Edge or Chromium that is installed.
 * @throws an error that says what was tried and what to install.
 */
export async function launchBrowser(): Promise<Browser> {
  const failures: string[] = [];
  for (const { name, options } of candidates()) {
    try {
      return await chromium.launch({ args: offline, ...(await options()) });
    } catch (error) {
      failures.push(`- ${name}: ${firstLine(error)}`);
    }
  }
  throw new Error(
    `No browser could be started for this test. Tried:\n${failures.join('\n')}\n` +
      'Install Google Chrome or Chromium, or set CHROMIUM_PATH to the executable of one.',
  );
}

function candidates(): Candidate[] {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return [executable(`CHROMIUM_PATH=${CHROMIUM_PATH}`, CHROMIUM_PATH)];
  const installed = [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/snap/bin/chromium',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ];
  return [
    { name: '@sparticuz/chromium', options: unpackBundled },
    // Playwright knows where these two are installed on every platform.
    { name: 'Google Chrome', options: () => ({ channel: 'chrome' }) },
    { name: 'Microsoft Edge', options: () => ({ channel: 'msedge' }) },
    ...installed.map((path) => executable(path, path)),
  ];
}

function executable(name: string, executablePath: string): Candidate {
  return { name, options: () => ({ executablePath }) };
}

/**
 * The package unpacks in place, and takes whatever lies there for complete. So that neither a
 * second test process nor an interrupted one meets half a browser, it unpacks beside the cache.
 */
async function unpackBundled(): Promise<LaunchOptions> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`is for linux x64, and this is ${process.platform} ${process.arch}`);
  }
  const directory = join(cacheDirectory, 'everstate-chromium');
  if (!existsSync(directory)) {
    mkdirSync(cacheDirectory, { recursive: true });
    const unpacking = mkdtempSync(`${directory}-`);
    try {
      await within(unpacking, () => bundled.executablePath());
      renameSync(unpacking, directory);
    } catch (error) {
      rmSync(unpacking, { recursive: true, force: true });
      // Another process may have been quicker.
      if (!existsSync(directory)) throw error;
    }
  }
  const libraries = join(directory, 'al2023', 'lib');
  return {
    executablePath: join(directory, 'chromium'),
    env: { ...process.env, LD_LIBRARY_PATH: libraries } as Record<string, string>,
  };
}

/** The package chooses its place, and whether to bring its shared libraries, by these variables. */
function within<T>(directory: string, start: () => T): T {
  const { TMPDIR, AWS_EXECUTION_ENV } = process.env;
  Object.assign(process.env, { TMPDIR: directory, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' });
  try {
    return start();
  } finally {
    restore('TMPDIR', TMPDIR);
    restore('AWS_EXECUTION_ENV', AWS_EXECUTION_ENV);
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** A page, and what went wrong on it so far. */
export interface WatchedPage {
  readonly page: Page;
  /** URLs of other origins that were asked for; none was answered. */
  readonly foreignRequests: readonly string[];
  /** Errors and warnings of the console, and uncaught errors. */
  readonly complaints: readonly string[];
}

/** Opens a URL in a new page, as a visitor without a past. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const { origin } = new URL(url);
  const isForeign = (target: string) =>
    !/^(?:data|blob):/.test(target) && new URL(target.replace(/^ws/, 'http')).origin !== origin;
  const foreignRequests: string[] = [];
  const complaints: string[] = [];
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  });
  await context.route(
    (target) => isForeign(target.href),
    (route) => route.abort(),
  );
  const page = await context.newPage();
  page.on('request', (request) => {
    if (isForeign(request.url())) foreignRequests.push(request.url());
  });
  page.on('websocket', (socket) => {
    if (isForeign(socket.url())) foreignRequests.push(socket.url());
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, foreignRequests, complaints };
}
