/** A guide, written in Markdown, as HTML. */
import { Marked } from 'marked';

/**
 * What stands below a guide's title.
 * @param text Markdown of this package, which is trusted.
 * @param names the guides that are served: links to them lead there, those to other files of the
 *   repository lead nowhere here, and stay as text. Pictures are left out.
 */
export function guideHtml(text: string, names: readonly string[]): string {
  const markdown = new Marked({
    renderer: {
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const target = targetOf(href, names);
        return target === null ? inner : `<a href="${encodeURI(target)}">${inner}</a>`;
      },
      image: () => '',
    },
  });
  return markdown.parse(text.replace(/^# .+\n/, ''), { async: false });
}

function targetOf(href: string, names: readonly string[]): string | null {
  if (/^(https?:|#)/.test(href)) return href;
  const [path = '', part] = href.split('#');
  const name = names.find((known) => known === path.split('/').at(-1));
  if (!name) return null;
  return part === undefined ? `/docs/${name}` : `/docs/${name}#${part}`;
}
