/** The page at the server's root: where GraphiQL, the board and the guides are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'graphql-yoga';
import { htmlHeaders, pageOf } from './html.ts';

/**
 * @param board what the board was built into; where nothing is, the page says how to build it. Null
 *   where the kinds that it shows are not served, or it is not shown: then it is not offered.
 * @param demo how the demo's data is made; null where its kinds are not served.
 * @param offered what else there is to see.
 */
export function useHome(board: string | null, demo: string | null, offered: Offered): Plugin {
  return {
    onRequest({ url, request, endResponse, fetchAPI }) {
      if (url.pathname !== '/' || (request.method !== 'GET' && request.method !== 'HEAD')) return;
      const page = home(board === null ? '' : boardCard(board), demo, offered);
      const body = request.method === 'HEAD' ? null : page;
      endResponse(new fetchAPI.Response(body, { headers: htmlHeaders() }));
    },
  };
}

interface Offered {
  readonly graphiql: boolean;
  readonly guides: boolean;
}

function home(boardCard: string, demo: string | null, { graphiql, guides }: Offered): string {
  return pageOf(
    'Everstate',
    `<p class="lead">Application state that never forgets: every change is a new version, and any
moment can be asked for.</p>
<ul class="cards">
${graphiql ? graphiqlCard : ''}
${boardCard}
${guides ? guidesCard : ''}
</ul>
${demo === null ? '' : footerFor(demo)}`,
  );
}

const graphiqlCard = `<li><a class="card" href="/graphql"><h2>GraphiQL</h2>
<p>The API to try out. Its descriptions are the manual.</p></a></li>`;

const guidesCard = `<li><a class="card" href="/docs"><h2>Guides</h2>
<p>Time travel, writing, and how it works, with sessions to paste.</p></a></li>`;

function footerFor(demo: string): string {
  return `<footer>Something to look at is one command away: <code>${demo}</code></footer>`;
}

function boardCard(directory: string): string {
  return `<li>${existsSync(join(directory, 'index.html')) ? builtBoard : missingBoard}</li>`;
}

const builtBoard = `<a class="card" href="/board"><h2>Board</h2>
<p>Todos and files, live, with a slider through time.</p></a>`;

const missingBoard = `<div class="card"><h2>Board</h2>
<p>It is not built yet. Build it with</p><pre><code>npm run board</code></pre></div>`;
