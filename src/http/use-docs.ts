/** The README and the guides, at /docs: what the package brings along, readable offline. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'graphql-yoga';
import { guideHtml } from './guide-page.ts';
import { escapeHtml, htmlHeaders, pageOf } from './html.ts';

const root = new URL('../../', import.meta.url);

interface Guide {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

/** @param maskError what a client may see of an error; Yoga masks only those of GraphQL. */
export function useDocs(maskError: (error: unknown) => Error): Plugin {
  return {
    onRequest({ url, request, endResponse, fetchAPI }) {
      const isAsked = url.pathname === '/docs' || url.pathname.startsWith('/docs/');
      if (!isAsked || (request.method !== 'GET' && request.method !== 'HEAD')) return;
      return readGuides()
        .then((guides) => answer(guides, url.pathname.slice('/docs/'.length)))
        .catch((error) => ({ body: `${maskError(error).message}\n`, status: 500 }))
        .then(({ body, ...init }) =>
          endResponse(new fetchAPI.Response(request.method === 'HEAD' ? null : body, init)),
        );
    },
  };
}

interface Answer extends ResponseInit {
  readonly body: string;
}

/** Only names that are in the list are answered, so no name leads out of it. */
function answer(guides: readonly Guide[], name: string): Answer {
  if (name === '') return { body: index(guides), headers: htmlHeaders() };
  const guide = guides.find((it) => it.name === name);
  if (!guide) return { body: 'There is no such guide. /docs lists them.\n', status: 404 };
  const names = guides.map((it) => it.name);
  const content = `<article>${guideHtml(guide.text, names)}</article>${footer}`;
  return { body: pageOf(guide.title, content), headers: htmlHeaders() };
}

const footer =
  '<footer><a href="/">Everstate</a> · <a href="/docs">Guides</a> · ' +
  '<a href="/graphql">GraphiQL</a></footer>';

function index(guides: readonly Guide[]): string {
  const cards = guides.map(
    ({ name, title, text }) =>
      `<li><a class="card" href="/docs/${encodeURIComponent(name)}"><h2>${escapeHtml(title)}</h2>
<p>${escapeHtml(leadOf(text))}</p></a></li>`,
  );
  return pageOf(
    'Guides',
    `<p class="lead">Everything in the guides runs as it stands on the data of
<code>npm run demo</code>.</p>
<ul class="cards">${cards.join('\n')}</ul>
${footer}`,
  );
}

/** README first, then the guides by name. */
async function readGuides(): Promise<Guide[]> {
  const names = await readdir(new URL('docs/', root)).catch(unlessMissing([]));
  const guides = names.filter((name) => name.endsWith('.md')).sort();
  const read = await Promise.all([
    readGuide('README.md', root),
    ...guides.map((name) => readGuide(name, new URL('docs/', root))),
  ]);
  return read.flatMap((guide) => guide ?? []);
}

async function readGuide(name: string, directory: URL): Promise<Guide | null> {
  const path = fileURLToPath(new URL(encodeURIComponent(name), directory));
  const text = await readFile(path, 'utf8').catch(unlessMissing(null));
  if (text === null) return null;
  return { name, text, title: /^# (.+)$/m.exec(text)?.[1] ?? name };
}

/** What to take for a file or directory that is not there; any other failure is one. */
function unlessMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };
}

/** The first sentence below the title. */
function leadOf(text: string): string {
  const paragraph = /^# .+\n+((?:.+\n)+)/m.exec(text)?.[1] ?? '';
  return `${paragraph.replaceAll('\n', ' ').split(/[.:] /)[0]?.trim()}.`.replace('..', '.');
}
