/** Rows of a table, page by page, with the types of its columns. */
import type { ReactNode } from 'react';
import type { Column, Row } from '../graphql/tables.ts';
import { count } from '../ui/format.ts';
import { cellOf, isNumber, shortType } from './cells.ts';
import './table-view.css';

/** A box that scrolls by itself, by keyboard too. */
export function TableBox({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keyboard
    <section className="preview-box" tabIndex={0} aria-label={name}>
      {children}
    </section>
  );
}

export function ColumnHeads({ columns }: { readonly columns: readonly Column[] }) {
  return columns.map(({ name, type }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name, and stay
    <th key={index} scope="col" data-number={isNumber(type) || undefined}>
      {name || <span className="unseen">without a name</span>}{' '}
      <span className="type" title={type}>
        {shortType(type)}
      </span>
    </th>
  ));
}

function Rows({
  columns,
  rows,
}: {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}) {
  return rows.map((row, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name, and stay
    <tr key={index}>
      {columns.map(({ type }, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as the columns
        <td key={column} data-number={isNumber(type) || undefined}>
          {cellOf(row[column])}
        </td>
      ))}
    </tr>
  ));
}

interface TableProps {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export function TableView({ name, columns, rows }: TableProps) {
  return (
    <TableBox name={name}>
      <table>
        <thead>
          <tr>
            <ColumnHeads columns={columns} />
          </tr>
        </thead>
        <tbody>
          <Rows columns={columns} rows={rows} />
        </tbody>
      </table>
    </TableBox>
  );
}

interface PagesProps {
  readonly offset: number;
  readonly pageSize: number;
  readonly total: number;
  readonly onTurn: (offset: number) => void;
}

/** Where in a table one is, and the pages around. */
export function Pages({ offset, pageSize, total, onTurn }: PagesProps) {
  const end = Math.min(offset + pageSize, total);
  return (
    <div className="pages">
      <p className="preview-note" role="status">
        {total <= pageSize
          ? `${count(total)} ${total === 1 ? 'row' : 'rows'}`
          : `Rows ${count(offset + 1)} to ${count(end)} of ${count(total)}`}
      </p>
      {total > pageSize && (
        <span>
          <button
            type="button"
            className="button"
            disabled={offset === 0}
            data-focus="home"
            onClick={() => onTurn(Math.max(0, offset - pageSize))}
          >
            Previous rows
          </button>
          <button
            type="button"
            className="button"
            disabled={end >= total}
            data-focus="home"
            onClick={() => onTurn(offset + pageSize)}
          >
            Next rows
          </button>
        </span>
      )}
    </div>
  );
}
