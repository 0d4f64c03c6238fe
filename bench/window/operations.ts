/** The reads in the words of the server of dkdc-state's form. */
import { countsOf, type Operations, pageRows, seriesPoints } from '../operations.ts';

const versionRow = 'revision userId subject priority status labels';
const row = `id ${versionRow}`;
const points = Array.from({ length: seriesPoints }, (_, number) => number);

export const windowOperations: Omit<Operations, 'update' | 'createMany'> = {
  byId: {
    document: `query($id: ID!) { todo(id: $id) { ${row} body description } }`,
    read: ({ todo }) => todo,
  },
  page: {
    document: `query($status: String!) {
      todos(first: ${pageRows}, status: $status) { ${row} }
    }`,
    read: ({ todos }) => todos,
  },
  pageOf: {
    document: `query($status: String!, $userId: String!) {
      todos(first: ${pageRows}, status: $status, userId: $userId) { ${row} }
    }`,
    read: ({ todos }) => todos,
  },
  deepPage: {
    document: `query($status: String!, $after: Int!) {
      todos(first: ${pageRows}, offset: $after, status: $status) { ${row} }
    }`,
    read: ({ todos }) => todos,
  },
  counts: {
    document: '{ counts { status count } }',
    read: ({ counts }) => countsOf(counts),
  },
  history: {
    document: `query($id: ID!) { history(id: $id) { position ${versionRow} } }`,
    read: ({ history }) => history,
  },
  asOf: {
    document: `query($position: Float!) {
      todos(first: ${pageRows}, at: $position) { ${row} }
    }`,
    read: ({ todos }) => todos,
  },
  series: {
    document: `query(${points.map((number) => `$p${number}: Float!`).join(' ')}) {
      ${points.map((number) => `c${number}: counts(at: $p${number}) { status count }`).join('\n')}
    }`,
    variables: ({ positions }) =>
      Object.fromEntries(positions.map((position, number) => [`p${number}`, position])),
    read: (data) => points.map((number) => countsOf(data[`c${number}`])),
  },
};
