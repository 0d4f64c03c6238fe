/** Who one is on the board, and a way to be nobody again; nothing where the server asks nobody. */
import { signIn, useSignIn } from './sign-in.ts';
import './who.css';

export function Who() {
  const { viewer, asked, isOpen } = useSignIn();
  if (asked !== null && !isOpen) {
    return (
      <button type="button" className="button" onClick={signIn.open}>
        Sign in
      </button>
    );
  }
  if (!viewer) return null;
  return (
    <p className="who">
      <span className="unseen">Signed in as </span>
      <span className="who-id" title={viewer.id}>
        {viewer.id}
      </span>{' '}
      {viewer.roles.includes('admin') && <span className="badge">admin</span>}{' '}
      {signIn.token !== null && (
        <button type="button" className="link" onClick={() => signIn.signOut()}>
          Sign out
        </button>
      )}
    </p>
  );
}
