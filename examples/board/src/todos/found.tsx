/** What there is to say where a list is empty, and where else something was found. */
import { count } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { type Counts, elsewhereOf, sumOf } from './counts.ts';
import { type Choice, isSearch } from './filter.ts';

interface Props {
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
  /** Null while they are asked for. */
  readonly counts: Counts | null;
}

/** Instead of a list that has nothing. */
export function NothingFound({ readOnly, ...props }: Props & { readonly readOnly: boolean }) {
  const { choice, counts } = props;
  const isBare = counts !== null && sumOf(counts.byStatus) + counts.deleted === 0;
  if (readOnly) {
    return (
      <Notice action={<Elsewhere {...props} />}>There was nothing here at this moment.</Notice>
    );
  }
  if (!isSearch(choice)) {
    if (isBare) return <NothingYet />;
    return <Notice action={<Elsewhere {...props} />}>Nothing here. Well done.</Notice>;
  }
  return (
    <Notice action={<Elsewhere {...props} />}>
      Nothing here.{isBare && ' No todo matches this, not even one that is done or deleted.'}
    </Notice>
  );
}

function NothingYet() {
  return (
    <Notice>
      There are no todos yet: add the first one above. Or have examples, with two months of history,
      by <code>npm run demo</code> in a copy of Everstate’s sources, or by{' '}
      <code>everstate demo</code> where the package is installed.
    </Notice>
  );
}

/** Below a list in which something was found: what was found beside it. */
export function AlsoFound(props: Props) {
  const { choice, counts } = props;
  if (!isSearch(choice) || !counts || elsewhereOf(choice, counts).length === 0) return null;
  return (
    <p className="more">
      Found as well: <Elsewhere {...props} />
    </p>
  );
}

/** Leads to each place where something was found that is not shown. */
export function Elsewhere({ choice, onChoose, counts }: Props) {
  if (!counts) return null;
  return (
    <span className="elsewhere">
      {elsewhereOf(choice, counts).map((it) => (
        <button
          key={it.name}
          type="button"
          className="link"
          onClick={() => onChoose({ ...choice, ...it.choice })}
        >
          {count(it.count)} {it.name}: show
        </button>
      ))}
    </span>
  );
}
