/** The files on their way into the lake: how far each is, and what it waits for. */
import { PlaceLink } from '../router.tsx';
import { Ago } from '../ui/ago.tsx';
import { bytes, counted } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { sentOf, type Upload, uploads, useUploads } from './uploads.ts';
import './upload-list.css';

export function UploadList() {
  const all = useUploads();
  const taken = all.filter(({ state }) => state.kind === 'taken');
  const kept = all.filter(({ state }) => state.kind === 'kept').length;
  return (
    <section className="uploads" aria-label="Uploads" data-none={all.length === 0 || undefined}>
      <header>
        {/* It must be there before it says anything, or it is not read out. */}
        <p role="status">{all.length > 0 && summaryOf(all)}</p>
        {taken.length > 1 && (
          <button
            type="button"
            className="button"
            onClick={() => {
              for (const upload of taken) uploads.replace(upload);
            }}
          >
            All as new revisions
          </button>
        )}
        {kept > 0 && (
          <button type="button" className="link" onClick={() => uploads.clear()}>
            Clear
          </button>
        )}
      </header>
      <ul>
        {all.map((upload) => (
          <li key={upload.key} data-state={upload.state.kind}>
            <UploadLine upload={upload} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function UploadLine({ upload }: { readonly upload: Upload }) {
  const { file, folder, state } = upload;
  const isOver = state.kind === 'kept' || state.kind === 'failed';
  // When all of it was sent, whether it is kept is the server's to say.
  const isSettled = state.kind === 'sending' && state.sent >= file.size && file.size > 0;
  return (
    <>
      <span className="upload-name" title={`${folder ?? ''}/${file.name}`}>
        {file.name}
      </span>
      <span className="size">{bytes(file.size)}</span>
      {!isSettled && (
        <button
          type="button"
          className="quiet"
          aria-label={`${isOver ? 'Forget' : 'Cancel'} ${file.name}`}
          onClick={() => uploads.remove(upload)}
        >
          <Icon name="close" />
        </button>
      )}
      <div className="upload-state">
        <State upload={upload} />
      </div>
    </>
  );
}

function State({ upload }: { readonly upload: Upload }) {
  const { file, state } = upload;
  switch (state.kind) {
    case 'looking':
      return 'Looking for its name…';
    case 'waiting':
      return 'Waiting for its turn';
    case 'sending':
      return (
        <>
          <progress max={file.size || 1} value={state.sent} aria-label={`Sent of ${file.name}`} />{' '}
          {sentOf(upload)}
        </>
      );
    case 'taken':
      return (
        <>
          <p>
            There is one already: revision {state.by.revision}, {bytes(state.by.size)},{' '}
            <Ago time={state.by.updatedAt} />.
          </p>
          <button type="button" className="button" onClick={() => uploads.replace(upload)}>
            Upload as revision {state.by.revision + 1}
          </button>
        </>
      );
    case 'kept':
      return <PlaceLink to={{ page: 'files', id: state.id }}>{state.text}</PlaceLink>;
    case 'failed':
      return (
        <>
          <p className="hint" data-kind="problem" role="alert">
            {state.why}
          </p>
          <button type="button" className="button" onClick={() => uploads.again(upload)}>
            Try again
          </button>
        </>
      );
  }
}

function summaryOf(all: readonly Upload[]): string {
  const of = (...kinds: readonly string[]) =>
    all.filter(({ state }) => kinds.includes(state.kind)).length;
  const [underWay, kept, taken, failed] = [
    of('looking', 'waiting', 'sending'),
    of('kept'),
    of('taken'),
    of('failed'),
  ];
  return [
    underWay > 0 && `Uploading ${counted(underWay, 'file')}`,
    kept > 0 && `${counted(kept, 'file')} uploaded`,
    taken > 0 && `${counted(taken, 'name')} taken`,
    failed > 0 && `${counted(failed, 'file')} not uploaded`,
  ]
    .filter(Boolean)
    .join(', ');
}
