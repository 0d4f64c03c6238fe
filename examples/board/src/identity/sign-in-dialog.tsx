/** Asks for a token, above all else: what was typed below is still there afterwards. */
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { Notice } from '../ui/notice.tsx';
import { signIn, useSignIn } from './sign-in.ts';
import './sign-in-dialog.css';

export function SignInDialog() {
  const { isOpen } = useSignIn();
  return isOpen ? <OpenDialog /> : null;
}

function OpenDialog() {
  const { asked } = useSignIn();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState(asked ?? '');
  const [isChecking, setIsChecking] = useState(false);
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isChecking) return;
    setIsChecking(true);
    const wrong = await signIn.take(field.current?.value ?? '');
    setIsChecking(false);
    setProblem(wrong ?? '');
    if (wrong !== null) field.current?.select();
  };
  return (
    <dialog
      ref={dialog}
      className="sign-in"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onCancel={(event) => {
        event.preventDefault();
        signIn.putOff();
      }}
    >
      <form onSubmit={submit}>
        <h2 id={`${id}-title`}>Who are you?</h2>
        <div id={`${id}-problem`}>{problem && <Notice kind="problem">{problem}</Notice>}</div>
        <p id={`${id}-text`}>
          This server asks for a token. Where its secret is,{' '}
          <code>everstate token --sub ada --expires 8h</code> prints one; else ask whoever runs it.
          It is kept until you sign out, or close this tab.
        </p>
        <label htmlFor={`${id}-token`}>Token</label>
        <input
          ref={field}
          id={`${id}-token`}
          type="password"
          required
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== '' || undefined}
          aria-describedby={`${id}-problem`}
        />
        <div className="sign-in-actions">
          <button type="submit" className="button primary">
            Sign in
          </button>
          <button type="button" className="button" onClick={signIn.putOff}>
            Not now
          </button>
        </div>
      </form>
    </dialog>
  );
}
