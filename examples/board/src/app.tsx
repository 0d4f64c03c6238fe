/** The board: where one is, the moment it shows, and how the live feed is. */
import { useEffect, useState } from 'react';
import { Provider } from 'urql';
import { present } from './client.ts';
import { FilesPage } from './files/files-page.tsx';
import { signIn } from './identity/sign-in.ts';
import { SignInDialog } from './identity/sign-in-dialog.tsx';
import { Who } from './identity/who.tsx';
import { liveFeed, useLiveState } from './live.ts';
import { PlaceLink, usePlace } from './router.tsx';
import { AtMoment, MomentProvider, useMoment } from './time/moment.tsx';
import { TimeBar } from './time/time-bar.tsx';
import { firstChoice } from './todos/filter.ts';
import { TodosPage } from './todos/todos-page.tsx';
import { Icon } from './ui/icons.tsx';
import { keepFocus } from './ui/kept-focus.ts';
import { ThemeChoice } from './ui/theme.tsx';
import { Toasts } from './ui/toast.tsx';
import './app.css';

export function App() {
  return (
    <Provider value={present}>
      <MomentProvider>
        <Toasts>
          <Board />
        </Toasts>
      </MomentProvider>
    </Provider>
  );
}

function Board() {
  const { page, id } = usePlace();
  const isPast = useMoment().wanted !== null;
  const [choice, setChoice] = useState(firstChoice);
  useEffect(() => void signIn.start(), []);
  useEffect(() => liveFeed.start(), []);
  useEffect(() => keepFocus(), []);
  return (
    <div className="board" data-past={isPast || undefined}>
      <header className="top">
        <a className="brand" href="/">
          <Icon name="clock" /> <span>Everstate</span>
        </a>
        <nav aria-label="Board">
          <PlaceLink
            to={{ page: 'todos', id: null }}
            aria-current={page === 'todos' ? 'page' : undefined}
          >
            <Icon name="list" /> Todos
          </PlaceLink>
          <PlaceLink
            to={{ page: 'files', id: null }}
            aria-current={page === 'todos' ? undefined : 'page'}
          >
            <Icon name="folder" /> Files
          </PlaceLink>
        </nav>
        <LiveSign />
        <Who />
        <ThemeChoice />
      </header>
      <TimeBar />
      <main>
        <AtMoment>
          {page === 'todos' ? (
            <TodosPage openId={id} choice={choice} onChoose={setChoice} />
          ) : (
            <FilesPage openId={page === 'files' ? id : null} isAsking={page === 'sql'} />
          )}
        </AtMoment>
      </main>
      <SignInDialog />
    </div>
  );
}

const signs = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
} as const;

function LiveSign() {
  const state = useLiveState();
  return (
    <p className="live" data-state={state} role="status">
      <i className="dot" /> <span>{signs[state]}</span>
    </p>
  );
}
