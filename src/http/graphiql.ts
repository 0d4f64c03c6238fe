/** GraphiQL: the explorer and manual, served from this package alone. */
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GraphiQLOptions } from 'graphql-yoga';

const tabs = {
  write: `# Welcome to Everstate: application state that never forgets.
# Every type, field and argument is described: open the book on the left.
# Run each of the four tabs with Ctrl-Enter (Cmd-Enter).

# 1. Write. Each mutation is one durable transaction. Run it twice: the second
# time the answer is a problem that a client can switch on.
mutation Write {
  createTodo(
    input: { id: "first", subject: "See Everstate remember", labels: ["demo"] }
    options: { reason: "The tour" }
  ) {
    ... on CreateTodoPayload {
      todo { id revision position createdAt }
    }
    ... on Problem { code message }
  }
}
`,
  read: `# 2. Read what is true now: the open todos, the most urgent first.
query Read {
  todos(first: 10) {
    edges {
      node { id subject priority status labels revision updatedAt }
    }
    pageInfo { hasNextPage endCursor }
  }
  log { position transactions versions }
}
`,
  history: `# 3. Change it, then look back: what it is, what it was, and who did what when.
mutation Change {
  updateTodo(input: { id: "first", status: "done", priority: 1 }) {
    ... on UpdateTodoPayload { changed todo { revision } }
    ... on Problem { code message }
  }
}

query History {
  now: todo(id: "first") {
    subject
    status
    history {
      edges {
        node {
          revision
          operation
          committedAt
          changes { field before after }
          transaction { id reason }
        }
      }
    }
  }
  # The same todo as it was right after the first change of all.
  then: todo(id: "first", asOf: { position: "1" }) { status revision }
}
`,
  live: `# 4. Follow every change as it is committed. Start this, then run tab 1 or 3
# again. With after: "0" it tells everything from the beginning first.
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

export const graphiqlOptions: GraphiQLOptions = {
  title: 'Everstate',
  defaultQuery: tabs.write,
  defaultTabs: Object.values(tabs).map((query) => ({ query })),
};

export { renderGraphiQL };
