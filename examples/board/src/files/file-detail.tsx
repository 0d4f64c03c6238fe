/** One file: what it is, its versions, and a look into the one that is chosen. */
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import type { Change } from '../graphql/changes.ts';
import { type FileVersion, fileQuery } from '../graphql/files.ts';
import { signIn } from '../identity/sign-in.ts';
import { FolderLink, goTo, PlaceLink } from '../router.tsx';
import { useMoment } from '../time/moment.tsx';
import { useBoardQuery } from '../time/use-board-query.ts';
import { Changes } from '../todos/diff.tsx';
import { Ago } from '../ui/ago.tsx';
import { bytes } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { useToasts } from '../ui/toast.tsx';
import { whyUnread } from '../ui/unread.ts';
import { Preview } from './preview.tsx';
import { saveContents } from './save.ts';

const pageSize = 50;

export function FileDetail({ id }: { readonly id: string }) {
  const moment = useMoment();
  const [first, setFirst] = useState(pageSize);
  const [chosen, setChosen] = useState<number | null>(null);
  const isThis = useCallback((change: Change) => change.id === id, [id]);
  const { data, fetching, error } = useBoardQuery(fileQuery, { id, first }, isThis);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const file = data?.lakeFile?.id === id ? data.lakeFile : null;
  const versions = file?.history.edges.map(({ node }) => node) ?? [];
  // What was chosen may not have been there yet at the moment that is looked at.
  const version = versions.find(({ revision }) => revision === chosen) ?? versions[0];
  const close = () => {
    goTo({ page: 'files', id: null });
    requestAnimationFrame(() => {
      document.querySelector<HTMLElement>(`[data-file="${CSS.escape(id)}"]`)?.focus();
    });
  };
  return (
    <section
      className="detail file-detail"
      aria-labelledby="detail-title"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header className="detail-head">
        <PlaceLink to={{ page: 'files', id: null }} className="back-link">
          <Icon name="back" /> All files
        </PlaceLink>
        <h2 id="detail-title" ref={heading} tabIndex={-1}>
          {file?.filename ?? 'File'}
        </h2>
        {version && <Download version={version} />}
        <button type="button" className="quiet close" aria-label="Close the file" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {error && !file && (
        <Notice kind="problem">The file could not be read: {whyUnread(error)}</Notice>
      )}
      {!file && !error && !fetching && (
        <Notice>
          {moment.asOf ? 'This file did not exist yet at this moment.' : 'There is no such file.'}
        </Notice>
      )}
      {file?.deletedAt && (
        <Notice>This file is deleted. Every content it had is still here.</Notice>
      )}
      {file && version && (
        <>
          <dl className="file-facts">
            <Fact
              name="Folder"
              value={<FolderLink to={file.path}>{file.path ?? 'Lake'}</FolderLink>}
            />
            <Fact name="Type" value={version.filetype ?? 'unknown'} />
            <Fact name="Size" value={bytes(version.size)} />
            <Fact name="Status" value={version.status ?? 'none'} />
            <Fact name="SHA-256" value={`${version.sha256.slice(0, 12)}…`} />
          </dl>
          {file.labels.length > 0 && (
            <p className="file-labels">
              {file.labels.map((label) => (
                <span key={label} className="label">
                  {label}
                </span>
              ))}
            </p>
          )}
          {file.description && <p className="file-description">{file.description}</p>}
          <Preview key={version.id} id={id} version={version} versions={versions} />
          <Versions
            versions={versions}
            totalCount={file.history.totalCount}
            chosen={version.revision}
            onChoose={setChosen}
            onMore={() => setFirst(first + pageSize)}
          />
        </>
      )}
    </section>
  );
}

function Download({ version }: { readonly version: FileVersion }) {
  const { id, downloadUrl, filename } = version;
  const { show } = useToasts();
  const save = () =>
    saveContents(downloadUrl, filename).catch(({ message }: Error) =>
      show({ kind: 'problem', about: id, text: `${filename} could not be read: ${message}` }),
    );
  return (
    <a
      className="button"
      href={downloadUrl}
      download
      onClick={(event) => {
        if (signIn.token === null) return;
        event.preventDefault();
        save();
      }}
    >
      <Icon name="download" /> Download
    </a>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface VersionsProps {
  readonly versions: readonly FileVersion[];
  readonly totalCount: number;
  readonly chosen: number;
  readonly onChoose: (revision: number) => void;
  readonly onMore: () => void;
}

const made = { CREATE: 'created', UPDATE: 'changed', DELETE: 'deleted', RESTORE: 'restored' };

function Versions({ versions, totalCount, chosen, onChoose, onMore }: VersionsProps) {
  return (
    <section className="history versions" aria-labelledby="versions-title">
      <h3 id="versions-title">
        Versions <span className="badge">{totalCount}</span>
      </h3>
      <ol>
        {versions.map((version) => (
          <li key={version.id} data-operation={version.operation}>
            <button
              type="button"
              className="version"
              aria-pressed={version.revision === chosen}
              onClick={() => onChoose(version.revision)}
            >
              <span className="history-head">
                <strong>{version.transaction.actor ?? 'Someone'}</strong> {made[version.operation]}{' '}
                this <Ago time={version.committedAt} />
                <span className="revision">revision {version.revision}</span>
                <span className="size">{bytes(version.size)}</span>
              </span>
              <span className="reason">{version.transaction.reason}</span>
            </button>
            {version.operation === 'UPDATE' && (
              <Changes changes={version.changes.filter(({ field }) => field !== 'sha256')} />
            )}
          </li>
        ))}
      </ol>
      {versions.length < totalCount && (
        <button type="button" className="button" onClick={onMore}>
          Show older versions
        </button>
      )}
    </section>
  );
}
