/** Small pages of the server's own, which need nothing but themselves. */
import { inlineSource, pagePolicy } from '../server/security-headers.ts';
import { guideStyle } from './guide-style.ts';
import { iconUrl } from './logo.ts';

/**
 * For pages: they run only what comes from this server, and are asked for anew each time. Made for
 * each response, since Response writes the length of its body into the headers it is given.
 */
export function htmlHeaders(): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': policy,
  };
}

const style = `
  :root {
    color-scheme: light dark;
    --bg: light-dark(#f4f5f9, #111318);
    --surface: light-dark(#fff, #1a1d24);
    --line: light-dark(#e1e5ee, #2c313d);
    --text: light-dark(#1a2030, #e6e9f0);
    --muted: light-dark(#565f72, #a3abbb);
    --accent: light-dark(#3f51d9, #93a0ff);
    font: 16px/1.5 Inter, ui-sans-serif, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    background: var(--bg);
    color: var(--text);
  }
  body { max-width: 46rem; margin: 0 auto; padding: clamp(2rem, 9vh, 6rem) 1.25rem; }
  h1 { margin: 0 0 .25rem; font-size: 2rem; letter-spacing: -.02em; line-height: 1.2; }
  .lead { margin: 0 0 2rem; color: var(--muted); font-size: 1.0625rem; }
  a { color: var(--accent); }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
  .cards {
    display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 1rem;
    margin: 0; padding: 0; list-style: none;
  }
  .card {
    display: block; height: 100%; box-sizing: border-box; padding: 1.125rem 1.25rem;
    border: 1px solid var(--line); border-radius: 14px; background: var(--surface);
    color: inherit; text-decoration: none;
  }
  a.card:hover { border-color: var(--accent); }
  .cards + h2 { margin-top: 2rem; }
  h2 { font-size: 1.1875rem; }
  .card :is(h2, h3) { margin: 0 0 .25rem; font-size: 1.0625rem; }
  a.card :is(h2, h3) { color: var(--accent); }
  .card p { margin: 0; color: var(--muted); font-size: .9375rem; }
  code { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
  pre {
    padding: .75rem 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 10px;
    background: var(--surface);
  }
  .card pre { margin: .5rem 0 0; padding: .4rem .6rem; }
  footer { margin-top: 2rem; color: var(--muted); font-size: .875rem; }
`;

const policy = pagePolicy({
  styles: [style, guideStyle].map(inlineSource),
  images: ['data:'],
});

/**
 * A page as a text.
 * @param content HTML; what is not the server's own in it has gone through `escapeHtml`.
 * @param head HTML for the head of the page, such as styles of its own.
 */
export function pageOf(title: string, content: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${iconUrl}">
<style>${style}</style>
${head}
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };
  return text.replace(/[&<"]/g, (sign) => entities[sign] ?? sign);
}
