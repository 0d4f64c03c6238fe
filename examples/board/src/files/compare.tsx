/** What rows two revisions of a table differ in: added, removed, and changed, cell by cell. */
import { useState } from 'react';
import type { FileVersion } from '../graphql/files.ts';
import {
  type Column,
  diffQuery,
  type Row,
  type RowDiff,
  type TableDiff,
} from '../graphql/tables.ts';
import { isSame } from '../same.ts';
import { count } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { cellOf, isNumber } from './cells.ts';
import { CompareChoice, type Pair } from './compare-choice.tsx';
import { ColumnHeads, Pages, TableBox } from './table-view.tsx';
import { useAsked } from './use-asked.ts';
import { useKey } from './use-key.ts';
import './compare.css';

interface Props {
  readonly id: string;
  /** The revision that is looked at: the later one of both, to begin with. */
  readonly version: FileVersion;
  readonly versions: readonly FileVersion[];
  readonly columns: readonly Column[];
}

const pageSize = 50;

export function Compare({ id, version, versions, columns }: Props) {
  const [pair, setPair] = useState<Pair>(() => ({
    from: before(version, versions).revision,
    to: version.revision,
  }));
  const [offset, setOffset] = useState(0);
  const { key, choose } = useKey(id, version.revision, version.position, columns);
  const latest = versions[0] ?? version;
  const isReady = key !== null && key.length > 0 && pair.from !== pair.to;
  const { data, isAsking, problem } = useAsked(
    diffQuery,
    isReady
      ? { id, ...pair, key, first: pageSize, offset, asOf: { position: latest.position } }
      : null,
  );
  const diff = isReady ? (data?.lakeFile?.diffTable ?? null) : null;
  return (
    <div className="compare">
      <CompareChoice
        pair={pair}
        onPair={(chosen) => {
          setPair(chosen);
          setOffset(0);
        }}
        versions={versions}
        columns={columns}
        chosen={key ?? []}
        onKey={(chosen) => {
          choose(chosen);
          setOffset(0);
        }}
      />
      {pair.from === pair.to && <Notice>Choose two different revisions.</Notice>}
      {key?.length === 0 && <Notice>Choose at least one column that names a row.</Notice>}
      {problem && <Notice kind="problem">{problem}</Notice>}
      {isAsking && !diff && <div className="waiting">Comparing the rows…</div>}
      {isReady && data?.lakeFile && !diff && <Notice>One of them is no table.</Notice>}
      {diff && !problem && (
        <>
          <Counts {...diff} />
          <DiffTable {...diff} />
          <Pages
            offset={offset}
            pageSize={pageSize}
            total={diff.added + diff.removed + diff.changed}
            onTurn={setOffset}
          />
        </>
      )}
    </div>
  );
}

/** The last one before with other contents; else the nearest after. */
function before(version: FileVersion, versions: readonly FileVersion[]): FileVersion {
  const others = versions.filter(({ sha256 }) => sha256 !== version.sha256);
  return others.find(({ revision }) => revision < version.revision) ?? others.at(-1) ?? version;
}

const kinds = {
  ADDED: { sign: '+', word: 'added' },
  REMOVED: { sign: '−', word: 'removed' },
  CHANGED: { sign: '~', word: 'changed' },
} as const;

function Counts({ added, removed, changed }: TableDiff) {
  const counts = { ADDED: added, REMOVED: removed, CHANGED: changed };
  return (
    <ul className="diff-counts" aria-label="Rows that differ">
      {(['ADDED', 'REMOVED', 'CHANGED'] as const).map((kind) => (
        <li key={kind} data-kind={kind}>
          <span aria-hidden="true">{kinds[kind].sign}</span> <b>{count(counts[kind])}</b>{' '}
          {kinds[kind].word}
        </li>
      ))}
    </ul>
  );
}

function DiffTable({ columns, rows }: TableDiff) {
  if (rows.length === 0) return null;
  return (
    <TableBox name="Rows that differ">
      <table className="row-diff">
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">What became of it</span>
            </th>
            <ColumnHeads columns={columns} />
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one answer stay
            <DiffRow key={index} columns={columns} {...row} />
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function DiffRow({ columns, kind, before, after }: RowDiff & Pick<TableDiff, 'columns'>) {
  const { sign, word } = kinds[kind];
  return (
    <tr data-kind={kind}>
      <th scope="row">
        <span aria-hidden="true">{sign}</span>
        <span className="unseen">{word}</span>
      </th>
      {columns.map(({ type }, index) => (
        <Cell
          // biome-ignore lint/suspicious/noArrayIndexKey: as the columns
          key={index}
          index={index}
          isNumber={isNumber(type)}
          before={before}
          after={after}
        />
      ))}
    </tr>
  );
}

interface CellProps {
  readonly index: number;
  readonly isNumber: boolean;
  readonly before: Row | null;
  readonly after: Row | null;
}

function Cell({ index, isNumber, before, after }: CellProps) {
  const [old, now] = [before?.[index], after?.[index]];
  const align = { 'data-number': isNumber || undefined };
  if (before === null || after === null || isSame(old, now)) {
    return <td {...align}>{cellOf(after === null ? old : now)}</td>;
  }
  return (
    <td data-changed {...align}>
      <del>{cellOf(old) || 'nothing'}</del> <span aria-hidden="true">→</span>{' '}
      <ins>{cellOf(now) || 'nothing'}</ins>
    </td>
  );
}
