/** GraphiQL: the explorer and manual, served from this package alone. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { GraphiQLOptions } from 'graphql-yoga';
import { type Entity, Todo } from '../../entities/index.ts';
import { inlineSource, pagePolicy } from '../server/security-headers.ts';
import { tokenBar } from './graphiql-token.ts';
import { iconUrl, logoSvg } from './logo.ts';

/**
 * A tour in four tabs. Each tab is titled by its first operation. Lines of at most 45 columns do
 * not scroll sideways in a window 1,280 pixels wide.
 */
const tour = {
  write: `# Welcome to Everstate:
# application state that never forgets.
#
# The four tabs are a tour. Run each of them
# with the play button, or Ctrl-Enter. Point
# at a word to read what it means, or open
# the documentation at the top left.

# 1. Write. A mutation is one transaction, on
# disk before it answers. Run it twice: the
# second answer is a problem, with a code.
mutation Write {
  createTodo(
    input: {
      id: "first"
      subject: "See Everstate remember"
      labels: ["tour"]
    }
    options: { reason: "To see it work" }
  ) {
    ... on CreateTodoPayload {
      todo { id subject revision position }
    }
    ... on Problem { code message }
  }
}
`,
  read: `# 2. Read what is true now. Lists come in
# pages, the most urgent todo first.
query Read {
  todos(
    first: 10
    filter: { labels: { has: "tour" } }
  ) {
    edges {
      node {
        id
        subject
        priority
        status
        labels
        revision
        updatedAt
      }
    }
    pageInfo { hasNextPage endCursor }
  }
  log { position replicaPosition }
}
`,
  history: `# 3. Look back: what changed, when and why.
# Run History, then Change, then History
# again: the play button asks which.
query History {
  # As it was after the first write of all.
  # Null? Put the position Write answered.
  then: todo(
    id: "first"
    asOf: { position: "1" }
  ) {
    subject
    status
  }
  now: todo(id: "first") {
    subject
    status
    history {
      edges {
        node {
          revision operation committedAt
          changes { field before after }
          transaction { reason }
        }
      }
    }
  }
}

mutation Change {
  updateTodo(
    input: {
      id: "first"
      status: "done"
      priority: 1
    }
    options: { reason: "Seen" }
  ) {
    ... on UpdateTodoPayload {
      changed
      todo { revision position }
    }
    ... on Problem { code message }
  }
}
`,
  live: `# 4. Follow every change as it is committed.
# Run this, and change something in a second
# window: it shows here. The button stops it,
# and so does going to another tab.
#
# changes(after: "0") first tells all that
# happened before.
subscription Live {
  changes {
    position
    entity
    id
    version {
      revision
      operation
      committedAt
      changes { field before after }
    }
  }
}
`,
};

/**
 * What GraphiQL opens with: the tour where there are todos to tour, else a plain look around.
 * @param takesTokens whether the server wants to know by a token who asks.
 */
export function graphiqlOptions(entities: readonly Entity[], takesTokens = false): GraphiQLOptions {
  const queries = entities.includes(Todo) ? Object.values(tour) : [lookAround(entities), tour.live];
  return {
    title: 'Everstate',
    favicon: iconUrl,
    logo: logoSvg.replace('<svg', '<svg width="28"'),
    defaultTabs: queries.map((query) => ({ query })),
    // The empty editors for variables and headers give their room to the queries until opened.
    defaultEditorToolsVisibility: false,
    // A token in them is not to lie on the disk.
    ...(takesTokens && { shouldPersistHeaders: false }),
  };
}

function lookAround(entities: readonly Entity[]): string {
  const lists = entities.map(
    ({ plural }) => `  ${plural}(first: 10) {\n    edges { node { id revision updatedAt } }\n  }\n`,
  );
  return `# What is here now. Point at a word to read
# what it means, or open the documentation
# at the top left.
query Read {
${lists.join('')}  log { position replicaPosition }
}
`;
}

/**
 * GraphiQL drags its tabs by a library that measures them while the page is not laid out yet. When
 * a width changes for the first time, be it that the font has loaded, it takes each tab for one that
 * was dragged to the end of the row. GraphiQL hides that until the tab has the focus: so it jumps
 * away under the pointer that presses it, and the click is lost or another tab’s. Moved a little
 * while it is pressed, it changes places, too. So tabs stand still here, and are not dragged.
 */
const stillTabs = `<style>
  .graphiql-tab { transform: none !important; touch-action: auto !important; }
</style>
<script>
  document.addEventListener(
    'pointerdown',
    (event) => { if (event.target.closest?.('.graphiql-tab')) event.stopPropagation(); },
    true,
  );
</script>
`;

/**
 * GraphiQL remembers its tabs and, apart from them, the query last seen, but that only once another
 * has been. When it starts with tabs and no query it opens an empty tab beside them, as it would at
 * the second visit. So the query is there from the beginning.
 */
function firstQuery(query: string): string {
  return `<script>
  try {
    if (localStorage.getItem('graphiql:tabState') === null) {
      localStorage.setItem('graphiql:query', ${JSON.stringify(query)});
    }
  } catch {
    // Where nothing may be remembered, each visit is the first.
  }
</script>
`;
}

/**
 * As text, since a worker's own file would lie elsewhere in the package than in the sources. A thread
 * of its own, as the package is 9 MB of code: to load it takes a third of a server's start, and holds
 * up whatever else the thread does.
 */
const render = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { renderGraphiQL } = require(workerData.renderer);
  parentPort.postMessage(renderGraphiQL(workerData.options));`;

/** GraphiQL’s page, of 9 MB, made once for an application, when it is first asked for. */
export class GraphiqlPage {
  /** Its Content-Security-Policy; null before it was made. */
  contentPolicy: string | null = null;
  readonly #takesTokens: boolean;
  #page: Promise<Uint8Array<ArrayBuffer>> | undefined;

  /** @param takesTokens whether the server wants to know by a token who asks. */
  constructor(takesTokens = false) {
    this.#takesTokens = takesTokens;
  }

  /** What Yoga calls for a page. */
  readonly render = (options: GraphiQLOptions): Promise<Uint8Array<ArrayBuffer>> => {
    this.#page ??= this.#make(options).catch((error) => {
      this.#page = undefined;
      throw error;
    });
    return this.#page;
  };

  async #make(options: GraphiQLOptions): Promise<Uint8Array<ArrayBuffer>> {
    const page = await pageOf(options, this.#takesTokens ? tokenBar : '');
    this.contentPolicy = policyOf(page);
    return Buffer.from(page);
  }
}

/** Its own scripts, named by what is in them; its editor styles in place, and works in workers. */
function policyOf(page: string): string {
  const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text = '']) => text);
  return pagePolicy({
    scripts: scripts.map(inlineSource),
    styles: ["'unsafe-inline'"],
    images: ['data:'],
    fonts: ['data:'],
    workers: ['blob:'],
  });
}

async function pageOf(options: GraphiQLOptions, bar: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const renderer = require.resolve('@graphql-yoga/render-graphiql');
  const worker = new Worker(render, { eval: true, workerData: { renderer, options } });
  const [page] = (await once(worker, 'message')) as [string];
  const root = '<div id="root">';
  const start = page.indexOf(root);
  if (start < 0) {
    throw new Error(
      `Expected ${root} in the page of @graphql-yoga/render-graphiql, and it is not there. ` +
        'Adapt pageOf to what the package renders now.',
    );
  }
  const additions = bar + stillTabs + firstQuery(options.defaultTabs?.[0]?.query ?? '');
  return page.slice(0, start) + additions + page.slice(start);
}
