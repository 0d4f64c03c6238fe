/** The README and the guides, at /docs: what the package brings along, readable offline. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'graphql-yoga';
import { escapeHtml, htmlHeaders, pageOf } from './html.ts';

const root = new URL('../../', import.meta.url);

interface Guide {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

export function useDocs(): Plugin {
  return {
    onRequest({ url, request, endResponse, fetchAPI }) {
      const isAsked = url.pathname === '/docs' || url.pathname.startsWith('/docs/');
      if (!isAsked || (request.method !== 'GET' && request.method !== 'HEAD')) return;
      return readGuides().then((guides) => {
        const { body, ...init } = answer(guides, url.pathname.slice('/docs/'.length));
        endResponse(new fetchAPI.Response(request.method === 'HEAD' ? null : body, init));
      });
    },
  };
}

interface Answer extends ResponseInit {
  readonly body: string;
}

/** Only names that are in the list are answered, so no name leads out of it. */
function answer(guides: readonly Guide[], name: string): Answer {
  if (name === '') return { body: index(guides), headers: htmlHeaders };
  const guide = guides.find((it) => it.name === name);
  if (!guide) return { body: 'There is no such guide. /docs lists them.\n', status: 404 };
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  return { body: guide.text, headers };
}

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
<footer><a href="/">Everstate</a> · <a href="/graphql">GraphiQL</a></footer>`,
  );
}

/** README first, then the guides by name. */
async function readGuides(): Promise<Guide[]> {
  const names = await readdir(new URL('docs/', root)).catch(() => []);
  const guides = names.filter((name) => name.endsWith('.md')).sort();
  const read = await Promise.all([
    readGuide('README.md', root),
    ...guides.map((name) => readGuide(name, new URL('docs/', root))),
  ]);
  return read.flatMap((guide) => guide ?? []);
}

async function readGuide(name: string, directory: URL): Promise<Guide | null> {
  const path = fileURLToPath(new URL(encodeURIComponent(name), directory));
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  return { name, text, title: /^# (.+)$/m.exec(text)?.[1] ?? name };
}

/** The first sentence below the title. */
function leadOf(text: string): string {
  const paragraph = /^# .+\n+((?:.+\n)+)/m.exec(text)?.[1] ?? '';
  return `${paragraph.replaceAll('\n', ' ').split(/[.:] /)[0]?.trim()}.`.replace('..', '.');
}
