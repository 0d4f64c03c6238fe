/** What `--help` of a command says besides its options: how it is used, and what it ends with. */

interface Help {
  /** What is typed, with what that does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Exit codes besides those that all have; lines for people. */
  readonly ends: readonly string[];
}

const done = '0  it is done, or there was nothing to do';
const failed = '1  it was refused, or failed: one line says why';
const interrupted = '130  it was interrupted; what was committed before is whole';

const helps: Readonly<Record<string, Help>> = {
  serve: {
    examples: [
      ['everstate serve', 'the directory ./data at http://127.0.0.1:4000'],
      ['everstate serve --data /var/lib/everstate --port 0', 'at a free port, which is printed'],
      ['everstate serve --workers 4', 'with four processes behind one port'],
    ],
    ends: ['0  it was told to stop, and closed in order', '1  it could not start, or not go on'],
  },
  demo: {
    examples: [['everstate demo --data ./demo', 'then: everstate --data ./demo']],
    ends: [done, failed, '130  it was interrupted; run again, it goes on'],
  },
  token: {
    examples: [
      ['everstate token --sub ada --jwt-secret-file secret', 'for ada, for eight hours'],
      ['everstate token --sub ada --role admin --expires 30m', 'with EVERSTATE_JWT_SECRET'],
    ],
    ends: ['0  the token is printed', failed],
  },
  schema: {
    examples: [['everstate schema --entities kinds.ts', 'with kinds of records of your own']],
    ends: ['0  the schema is printed', failed],
  },
  export: {
    examples: [
      ['everstate export ./state', 'what is true now, as Parquet'],
      ['everstate export ./all --history --files --format ndjson', 'everything there is'],
      ['everstate export ./then --at-time 2026-11-23T00:00:00Z', 'what was true at a moment'],
    ],
    ends: [done, failed, '130  it was interrupted; nothing of it is left'],
  },
  import: {
    examples: [
      ['everstate import ./all', 'what export wrote'],
      ['everstate import todos.csv --entity Todo --dry-run', 'what rows of a file would do'],
      ['everstate import --dkdc todo.db lake.db', 'databases of dkdc-state'],
    ],
    ends: [done, failed, '130  it was interrupted; run again, it goes on'],
  },
  put: {
    examples: [
      ['everstate put ./reports --to reports', 'its files, in the folder reports'],
      ['everstate put ./reports --to reports --delete', 'and no others there'],
    ],
    ends: [done, failed, '130  it was interrupted; run again, it goes on'],
  },
  verify: {
    examples: [
      ['everstate verify', 'the log and its replicas'],
      ['everstate verify --head 1054:6f0c…', 'against a head that was noted elsewhere'],
      ['everstate verify --proof proof.json --head 6f0c…', 'what prove printed, without a log'],
      ['everstate verify --receipt receipt.json --key "$(everstate keys)"', 'what erase wrote'],
    ],
    ends: [
      '0  sound',
      '1  it could not be checked',
      '2  not as it should be',
      '130  it was interrupted',
    ],
  },
  prove: {
    examples: [
      ['everstate prove Todo groceries > proof.json', 'its last version'],
      ['everstate prove Todo groceries --revision 1', 'its first'],
    ],
    ends: ['0  the proof is printed', failed],
  },
  erase: {
    examples: [
      ['everstate erase Todo groceries --receipt receipt.json', 'all that it held, for good'],
      ['everstate erase --owner ada --yes --json', 'all that was ever hers, asking nobody'],
    ],
    ends: [done, failed, interrupted],
  },
  keys: {
    examples: [
      ['everstate keys', 'the key that receipts are signed by'],
      ['everstate keys --data /var/lib/everstate', 'that of another directory'],
    ],
    ends: ['0  the key is printed', failed],
  },
  backup: {
    examples: [
      ['everstate backup ./backup', 'into a directory; run again, what came since'],
      ['everstate backup monday.backup', 'all of it into a file'],
      ['everstate backup ./backup --follow', 'and whatever comes, until interrupted'],
      ['everstate backup ./backup --drill', 'whether it can be restored'],
    ],
    ends: [
      done,
      failed,
      '2  a drill found that something else was restored',
      '130  it was interrupted; run again, it goes on. --follow ends with 0',
    ],
  },
  restore: {
    examples: [
      ['everstate restore ./backup --data ./restored', 'all of it'],
      ['everstate restore ./backup --data ./then --to-position 1054', 'no further than there'],
    ],
    ends: [done, failed, '130  it was interrupted; nothing of it is left'],
  },
  clear: {
    examples: [
      ['everstate clear', 'everything, once “clear” is typed; a backup is made before'],
      ['everstate clear --only Todo --yes', 'deletes every todo, and asks nobody'],
      ['everstate clear --backup ./before.backup --yes', 'with the backup in a file'],
    ],
    ends: [done, '1  it was refused, not confirmed, or failed: one line says why', interrupted],
  },
  compact: {
    examples: [['everstate compact --data /var/lib/everstate', 'beside the server that serves it']],
    ends: [done, failed, '2  the log is not as it was', interrupted],
  },
};

/** What stands below a command's options; nothing for a command that is not known here. */
export function helpOf(command: string): string {
  const { examples, ends } = helps[command] ?? { examples: [], ends: [] };
  if (examples.length === 0) return '';
  const shown = examples.flatMap(([text, what]) => [`  ${text}`, `      ${what}`]);
  return ['', 'Examples:', ...shown, '', 'Ends with:', ...ends.map((line) => `  ${line}`)].join(
    '\n',
  );
}
