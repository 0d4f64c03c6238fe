/** The README, the guides and the schema, at /docs: readable offline, and linked to each other. */
import { posix } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { picturePolicy } from '../server/security-headers.ts';
import { copyScript } from './copy-script.ts';
import type { guideHtml, leadHtml } from './guide-page.ts';
import { guideStyle } from './guide-style.ts';
import {
  type Guide,
  nameOf,
  picturePaths,
  pictureType,
  readGuides,
  readPicture,
} from './guides.ts';
import { escapeHtml, htmlHeaders, pageOf } from './html.ts';
import { schemaGuide } from './schema-guide.ts';

/** The file that the API’s page stands for. */
const schemaPath = 'schema.graphql';
/** The address in the guides’ examples: this server, wherever it listens. */
const exampleServer = 'http://127.0.0.1:4000';

/**
 * @param schema what is served, and shown as a guide.
 * @param demo how the data for the guides’ sessions is made; null where their kinds are not served.
 * @param shown whether there is GraphiQL to lead to, and whether the schema may be told of.
 * @param maskError what a client may see of an error; Yoga masks only those of GraphQL.
 */
export function useDocs(
  schema: GraphQLSchema,
  demo: string | null,
  shown: { readonly graphiql: boolean; readonly introspection: boolean },
  maskError: (error: unknown) => Error,
): Plugin {
  const docs = new Docs(shown.introspection ? schema : null, demo, shown.graphiql);
  return {
    onRequest({ url, request, endResponse, fetchAPI }) {
      const isAsked = url.pathname === '/docs' || url.pathname.startsWith('/docs/');
      if (!isAsked || (request.method !== 'GET' && request.method !== 'HEAD')) return;
      return docs
        .answer(url.pathname.slice('/docs/'.length))
        .catch((error) => ({ body: `${maskError(error).message}\n`, status: 500 }))
        .then(({ body, ...init }) =>
          endResponse(new fetchAPI.Response(request.method === 'HEAD' ? null : body, init)),
        );
    },
  };
}

/** How texts become HTML: loaded when the first guide is read, for it takes a while. */
interface Markdown {
  readonly guideHtml: typeof guideHtml;
  readonly leadHtml: typeof leadHtml;
}

interface Answer extends ResponseInit {
  readonly body: BodyInit;
}

class Docs {
  readonly #schema: GraphQLSchema | null;
  readonly #demo: string | null;
  readonly #footer: string;
  #schemaGuide: Guide | undefined;
  /** Pages as they were last made, by name: making one takes a while, reading files does not. */
  readonly #made = new Map<string, { readonly key: string; readonly page: string }>();

  constructor(schema: GraphQLSchema | null, demo: string | null, hasGraphiql: boolean) {
    this.#schema = schema;
    this.#demo = demo;
    this.#footer = footerFor(hasGraphiql);
  }

  /** Only names that are in the lists are answered, so no name leads out of them. */
  async answer(name: string): Promise<Answer> {
    if (name === 'copy.js') return script();
    const pictures = await picturePaths();
    const picture = pictures.find((path) => nameOf(path) === name);
    if (picture) return pictureAnswer(await readPicture(picture), pictureType(picture));
    if (this.#schema) this.#schemaGuide ??= guideOf(this.#schema);
    const guides = [...(await readGuides()), ...(this.#schemaGuide ? [this.#schemaGuide] : [])];
    const markdown = await import('./guide-page.ts');
    if (name === '') {
      return { body: index(guides, this.#demo, this.#footer, markdown), headers: htmlHeaders() };
    }
    const guide = guides.find((it) => it.name === name);
    if (!guide) return { body: 'There is no such guide. /docs lists them.\n', status: 404 };
    const paths = [...guides.map(({ path }) => path), ...pictures];
    return { body: this.#page(guide, paths, markdown), headers: htmlHeaders() };
  }

  #page(guide: Guide, paths: readonly string[], { guideHtml }: Markdown): string {
    const key = JSON.stringify([guide.text, paths]);
    const made = this.#made.get(guide.name);
    if (made?.key === key) return made.page;
    const html = guideHtml(guide.text, (href) => targetOf(href, guide.path, paths));
    const page = pageOf(guide.title, html + this.#footer, head);
    this.#made.set(guide.name, { key, page });
    return page;
  }
}

function guideOf(schema: GraphQLSchema): Guide {
  return { path: schemaPath, name: 'schema', title: 'Schema', text: schemaGuide(schema) };
}

/** Where a link of a guide leads here; null where to nothing that is served. */
function targetOf(href: string, from: string, paths: readonly string[]): string | null {
  if (href.startsWith(exampleServer)) return href.slice(exampleServer.length) || '/';
  if (/^(https?:|#)/.test(href)) return href;
  const [relative = '', part] = href.split('#');
  const path = posix.join(posix.dirname(from), relative);
  const found = paths.find((it) => it === path || it === posix.join(path, 'README.md'));
  if (!found) return null;
  const name = found === schemaPath ? 'schema' : nameOf(found);
  return `/docs/${name}${part === undefined ? '' : `#${part}`}`;
}

function script(): Answer {
  const type = 'text/javascript; charset=utf-8';
  return { body: copyScript, headers: { 'content-type': type, 'cache-control': 'no-cache' } };
}

function pictureAnswer(body: Buffer<ArrayBuffer> | null, type: string): Answer {
  if (!body) return { body: 'There is no such picture.\n', status: 404 };
  return {
    body,
    headers: {
      'content-type': type,
      'cache-control': 'no-cache',
      'content-security-policy': picturePolicy,
    },
  };
}

const head = `<style>${guideStyle}</style>\n<script src="/docs/copy.js" defer></script>`;

function footerFor(hasGraphiql: boolean): string {
  const graphiql = hasGraphiql ? ' · <a href="/graphql">GraphiQL</a>' : '';
  return `<footer><a href="/">Everstate</a> · <a href="/docs">Guides</a>${graphiql}</footer>`;
}

/** What the guides, written in the repository, say for making that data. */
const namedDemo = 'npm run demo';

/** What the list is divided into, by paths. */
const groups: readonly (readonly [string, RegExp])[] = [
  ['To begin with', /^(README\.md|docs\/.*)$/],
  ['Examples', /^examples\/.*\.md$/],
  ['To look up', /^(schema\.graphql|ARCHITECTURE\.md|CHANGELOG\.md)$/],
];

function index(
  guides: readonly Guide[],
  demo: string | null,
  footer: string,
  { leadHtml }: Markdown,
): string {
  const data =
    demo === null
      ? 'The guides’ sessions are about the kinds Todo and LakeFile, which are not served here.'
      : `Everything in the guides runs as it stands on the data of <code>${demo}</code>${
          demo === namedDemo ? '' : `, which they call <code>${namedDemo}</code>`
        }.`;
  const sections = groups.map(([title, paths]) => {
    const cards = guides
      .filter(({ path }) => paths.test(path))
      .map((guide) => card(guide, leadHtml(guide.text)));
    return cards.length === 0
      ? ''
      : `<h2>${title}</h2>\n<ul class="cards">${cards.join('\n')}</ul>`;
  });
  return pageOf('Guides', `<p class="lead">${data}</p>\n${sections.join('\n')}\n${footer}`);
}

function card({ name, title }: Guide, lead: string): string {
  return `<li><a class="card" href="/docs/${name}"><h3>${escapeHtml(title)}</h3>
<p>${lead}</p></a></li>`;
}
