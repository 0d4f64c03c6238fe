/** A guide, written in Markdown, as HTML: headings to link to, contents, code to copy. */
import GithubSlugger from 'github-slugger';
import { Marked, type Tokens } from 'marked';
import { highlight } from './highlight.ts';
import { escapeHtml } from './html.ts';

/** A page with fewer headings is seen at a glance. */
const headingsWithoutContents = 3;

interface Heading {
  readonly depth: number;
  readonly slug: string;
  readonly html: string;
}

/**
 * What stands below a guide's title: its contents where it is long, then its text.
 * @param text Markdown of this package, which is trusted. Headings can be linked to by the names
 *   that GitHub gives them.
 * @param target where a link or picture leads on this server; null where to nothing that is served.
 *   Such a link stays as its text, such a picture is left out.
 */
export function guideHtml(text: string, target: (href: string) => string | null): string {
  const headings: Heading[] = [];
  const body = markdownFor(target, headings).parse(withoutTitle(text), { async: false });
  return `${contentsOf(headings)}<article>${body}</article>`;
}

/**
 * The first sentence below the title, as HTML without links, for a card that is one itself; nothing
 * where a text does not begin with a sentence.
 */
export function leadHtml(text: string): string {
  const paragraph = /^\n*([^#\-\s](?:.*\n?(?!\n))*)/.exec(withoutTitle(text))?.[1] ?? '';
  const sentence = /^.*?[.:](?=\s|$)/s.exec(paragraph)?.[0] ?? paragraph;
  const lead = sentence.replaceAll('\n', ' ').trim().replace(/:$/, '.');
  return markdownFor(() => null, []).parseInline(lead, { async: false });
}

function withoutTitle(text: string): string {
  return text.replace(/^# .+\n/, '');
}

function markdownFor(target: (href: string) => string | null, headings: Heading[]): Marked {
  const slugger = new GithubSlugger();
  return new Marked({
    renderer: {
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const to = target(href);
        return to === null ? inner : `<a href="${escapeHtml(to)}">${inner}</a>`;
      },
      image({ href, text: alternative }) {
        const to = target(href);
        if (to === null) return '';
        return `<img src="${escapeHtml(to)}" alt="${escapeHtml(alternative)}" loading="lazy">`;
      },
      heading({ depth, tokens }) {
        const html = this.parser.parseInline(tokens);
        const slug = slugger.slug(this.parser.parseInline(tokens, this.parser.textRenderer));
        headings.push({ depth, slug, html });
        return `<h${depth} id="${slug}">${html}${anchor(slug)}</h${depth}>\n`;
      },
      code: ({ text: code, lang }: Tokens.Code) =>
        `<div class="code"><pre><code>${highlight(code, lang)}\n</code></pre></div>\n`,
    },
    hooks: { postprocess: (html) => html.replaceAll(/<table>.*?<\/table>/gs, inScroller) },
  });
}

function anchor(slug: string): string {
  return ` <a class="anchor" href="#${slug}" aria-label="Link to this part">#</a>`;
}

/** A wide table scrolls by itself, not the page. */
function inScroller(table: string): string {
  return `<div class="table">${table}</div>`;
}

function contentsOf(headings: readonly Heading[]): string {
  if (headings.length < headingsWithoutContents) return '';
  const links = headings.map(
    ({ depth, slug, html }) => `<li class="depth-${depth}"><a href="#${slug}">${html}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page"><ul>\n${links.join('\n')}\n</ul></nav>\n`;
}
