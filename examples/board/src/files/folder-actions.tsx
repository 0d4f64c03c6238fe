/** What can be done with a folder: upload into it, have it as a zip, ask its tables by SQL. */
import { signIn } from '../identity/sign-in.ts';
import { PlaceLink } from '../router.tsx';
import { useMoment } from '../time/moment.tsx';
import { Icon } from '../ui/icons.tsx';
import { useToasts } from '../ui/toast.tsx';
import { uploads } from '../uploads/uploads.ts';
import { urlOfZip } from './folders.ts';
import { saveContents } from './save.ts';

interface Props {
  readonly folder: string | null;
  /** Whose files lie below; none where it is empty. */
  readonly owners: readonly (string | null)[];
  readonly readOnly: boolean;
}

export function FolderActions({ folder, owners, readOnly }: Props) {
  return (
    <div className="folder-actions">
      {!readOnly && (
        <span className="button primary upload-button">
          <Icon name="upload" /> Upload
          <input
            type="file"
            multiple
            className="cover"
            aria-label={`Upload files into ${folder ?? 'the lake'}`}
            onChange={({ target }) => {
              uploads.add([...(target.files ?? [])], folder);
              // The same file may be chosen once more.
              target.value = '';
            }}
          />
        </span>
      )}
      {owners.map((owner) => (
        <ZipLink key={owner ?? ''} folder={folder} owner={owner} isOne={owners.length === 1} />
      ))}
      <PlaceLink to={{ page: 'sql', id: null }} className="button">
        <Icon name="table" /> SQL
      </PlaceLink>
    </div>
  );
}

interface ZipProps {
  readonly folder: string | null;
  readonly owner: string | null;
  /** Whether all files below are of that one. */
  readonly isOne: boolean;
}

/** A zip holds the files of one user: names are unique for each. */
function ZipLink({ folder, owner, isOne }: ZipProps) {
  const { asOf } = useMoment();
  const { show } = useToasts();
  const href = urlOfZip(folder, { userId: owner, position: asOf?.position });
  const name = `${folder?.split('/').at(-1) || 'lake'}.zip`;
  return (
    <a
      className="button"
      href={href}
      download={name}
      onClick={(event) => {
        if (signIn.token === null) return;
        event.preventDefault();
        saveContents(href, name).catch(({ message }: Error) =>
          show({ kind: 'problem', about: href, text: `${name} could not be read: ${message}` }),
        );
      }}
    >
      <Icon name="download" /> Zip
      {!isOne && ` of ${owner ?? 'nobody’s files'}`}
      <span className="unseen"> of {folder ?? 'the lake'}</span>
    </a>
  );
}
