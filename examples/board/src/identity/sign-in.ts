/**
 * Who asks, where the server asks for it. Whatever is refused for want of a token waits until
 * somebody has given one, and is then sent again: nothing that was typed is lost.
 */
import { useSyncExternalStore } from 'react';
import { isSame } from '../same.ts';
import { keepToken, keptToken, tokenIn } from './token.ts';

interface Viewer {
  readonly id: string;
  readonly roles: readonly string[];
}

export interface SignInState {
  /** Null where the server asks nobody, and while it is not known. */
  readonly viewer: Viewer | null;
  /** Why the last token was refused, or nothing where there was none; null while none is needed. */
  readonly asked: string | null;
  /** Whether the form is shown: it can be put off. */
  readonly isOpen: boolean;
}

class SignIn {
  #token = keptToken();
  #state: SignInState = { viewer: null, asked: null, isOpen: false };
  #given: Promise<void> = Promise.resolve();
  #give = () => {};
  readonly #listeners = new Set<() => void>();

  /** What operations are sent with; null sends none. */
  get token(): string | null {
    return this.#token;
  }

  readonly state = (): SignInState => this.#state;

  readonly onState = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Finds out who asks. */
  async start(): Promise<void> {
    const token = this.#token;
    try {
      const viewer = await viewerOf(token);
      // Somebody may have signed in meanwhile.
      if (this.#token === token) this.#set({ viewer });
    } catch (error) {
      if (error instanceof Refusal) this.refuse(token, error.message);
    }
  }

  /** Resolves once nobody has to give a token any more. */
  given(): Promise<void> {
    return this.#given;
  }

  /** Asks for another token, once for all that are refused. @param token the one that was sent. */
  refuse(token: string | null, why: string): void {
    if (token !== this.#token || this.#state.asked !== null) return;
    this.#given = new Promise((resolve) => {
      this.#give = resolve;
    });
    this.#set({ asked: token === null ? '' : why, isOpen: true });
  }

  /** Takes a token if the server does. @returns what is wrong with it; null when it is good. */
  async take(text: string): Promise<string | null> {
    const token = tokenIn(text);
    if (token === null) return 'This is not a token: it is one word, of three parts with dots.';
    try {
      const viewer = await viewerOf(token);
      const { viewer: before } = this.#state;
      keepToken(token);
      // What somebody else has read and written is not this one's.
      const isAnother = this.#token !== null && !isSame(before, viewer);
      if (isAnother) location.reload();
      else {
        this.#token = token;
        this.#set({ viewer, asked: null, isOpen: false });
        this.#give();
      }
      return null;
    } catch (error) {
      return error instanceof Refusal ? error.message : 'The server does not answer.';
    }
  }

  /** Forgets the token, and with the page all that was read with it. */
  signOut(): void {
    keepToken(null);
    location.reload();
  }

  readonly open = (): void => this.#set({ isOpen: true });

  readonly putOff = (): void => this.#set({ isOpen: false });

  #set(change: Partial<SignInState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

export const signIn = new SignIn();

export function useSignIn(): SignInState {
  return useSyncExternalStore(signIn.onState, signIn.state);
}

/** The server does not know who asks; the message is its own. */
class Refusal extends Error {}

/** @throws Refusal when a token does not say who asks, and another error without an answer. */
async function viewerOf(token: string | null): Promise<Viewer | null> {
  const response = await sendWith(token, fetch, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ viewer { id roles } }' }),
  });
  const why = await refusalIn(response);
  if (why !== null) throw new Refusal(why);
  const { data } = (await response.json()) as { data: { viewer: Viewer | null } };
  return data.viewer;
}

/**
 * As fetch, and says who asks. Where the server has to know, and does not, it waits for a token.
 * @param send sends each time; how long somebody takes to sign in is not the server's time.
 */
export async function fetchAsViewer(
  input: RequestInfo | URL,
  init?: RequestInit,
  send: typeof fetch = fetch,
): Promise<Response> {
  for (;;) {
    await signIn.given();
    const { token } = signIn;
    const response = await sendWith(token, send, input, init);
    const why = await refusalIn(response);
    if (why === null) return response;
    signIn.refuse(token, why);
  }
}

async function sendWith(
  token: string | null,
  send: typeof fetch,
  input: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  if (token === null) return await send(input, init);
  const headers = new Headers(init?.headers);
  headers.set('authorization', `Bearer ${token}`);
  return await send(input, { ...init, headers });
}

/** Why it is not known who asks; null when it is, or need not be. */
async function refusalIn(response: Response): Promise<string | null> {
  if (response.status !== 401) return null;
  try {
    const { errors } = await response.clone().json();
    const [{ message, extensions }] = errors;
    return extensions.code === 'UNAUTHENTICATED' ? message : null;
  } catch {
    // Somebody else's answer, in front of the server.
    return null;
  }
}
