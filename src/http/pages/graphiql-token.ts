/**
 * The token of whoever explores, where the server asks who one is. GraphiQL's header editor has one
 * text for each tab, and asks for the schema before anybody could have typed into it. So a bar above
 * takes a token for all tabs, once one is asked for, and keeps it as long as the browser's tab is
 * open. What the header editor says goes before it.
 */

/** Where the board looks for it, too. */
const key = 'everstate:token';

export const tokenBar = `<style>
  body { display: flex; flex-direction: column; height: 100vh; }
  #root { flex: 1; min-height: 0; }
  #root .graphiql-container { height: 100%; }
  .who-asks {
    color-scheme: light dark;
    padding: 0.5rem 1rem;
    border-bottom: 1px solid light-dark(#d5d9e2, #3a4152);
    background: light-dark(#f4f5f9, #1d2230);
    color: light-dark(#1a2030, #e6e9f0);
    font: 0.875rem/1.5 Roboto, ui-sans-serif, system-ui, sans-serif;
  }
  .graphiql-light .who-asks { color-scheme: light; }
  .graphiql-dark .who-asks { color-scheme: dark; }
  .who-asks [hidden], .who-asks[hidden] { display: none; }
  .who-asks p { margin: 0; }
  .who-asks form { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.75rem; }
  .who-asks form p { flex-basis: 100%; }
  .who-asks code { font: 0.9em "Fira Code", ui-monospace, monospace; }
  .who-asks label { display: flex; flex: 1; align-items: center; gap: 0.5rem; max-width: 40rem; }
  .who-asks input { flex: 1; min-width: 8rem; padding: 0.25rem 0.5rem; font: inherit; }
  .who-asks button { padding: 0.25rem 0.75rem; font: inherit; cursor: pointer; }
  .who-asks [role=alert] { color: light-dark(#a3181b, #ff9d97); font-weight: 600; }
</style>
<section class="who-asks" aria-label="Who asks" hidden>
  <form hidden>
    <p>
      This server asks who you are. Where its secret is,
      <code>everstate token --sub ada --expires 8h</code> prints a token; else ask whoever runs it.
      It is sent from all tabs below, and forgotten when you close this page. A tab’s header editor
      can say another: <code>{ "Authorization": "Bearer …" }</code>.
    </p>
    <label>Token
      <input type="password" name="token" required autocomplete="off" spellcheck="false"
        aria-describedby="token-problem">
    </label>
    <button>Use this token</button>
    <p id="token-problem" role="alert"></p>
  </form>
  <p class="known" hidden><span></span> <button type="button">Forget the token</button></p>
</section>
<script>
{
  const bar = document.querySelector('.who-asks');
  const [form, known] = [bar.querySelector('form'), bar.querySelector('.known')];
  const problem = bar.querySelector('[role=alert]');
  const send = globalThis.fetch.bind(globalThis);
  const key = ${JSON.stringify(key)};
  let token = null;
  // Whether anything was answered: before, there is no schema.
  let isAnswered = false;
  try {
    token = sessionStorage.getItem(key);
  } catch {
    // Where nothing may be remembered, a token is used until the page is left.
  }
  const keep = (it) => {
    token = it;
    try {
      if (it === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, it);
      return true;
    } catch {
      return false;
    }
  };
  const ask = (why) => {
    [bar.hidden, form.hidden, known.hidden] = [false, false, true];
    problem.textContent = why;
  };
  const tell = ({ id, roles }) => {
    [bar.hidden, form.hidden, known.hidden] = [false, true, false];
    known.querySelector('span').textContent =
      'You are ' + id + (roles.length > 0 ? ' (' + roles.join(', ') + ').' : '.');
  };
  // Who a token says one is; it throws what is to be told where that cannot be known.
  const viewerOf = async (it) => {
    const response = await send(location.pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ' + it },
      body: JSON.stringify({ query: '{ viewer { id roles } }' }),
    }).catch(() => { throw new Error('The server does not answer.'); });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    return data.viewer;
  };

  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (new URL(request.url).origin !== location.origin) return await send(request);
    const isOwn = !request.headers.has('authorization');
    if (isOwn && token !== null) request.headers.set('authorization', 'Bearer ' + token);
    const response = await send(request);
    if (response.status !== 401) {
      isAnswered = true;
      return response;
    }
    const { errors } = await response.clone().json().catch(() => ({}));
    // Without any token it need not be said that one is missing: the bar says it.
    ask(isOwn && token === null ? '' : errors?.[0]?.message ?? 'The token was refused.');
    return response;
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const given = form.elements.token.value.trim().replace(/^Bearer\\s+/i, '');
    try {
      // Else it would be no header at all.
      if (!/^[\\w.~+/=-]+$/.test(given)) throw new Error('This is not a token.');
      const viewer = await viewerOf(given);
      form.reset();
      // GraphiQL asks for the schema when it starts.
      if (keep(given) && !isAnswered) return location.reload();
      if (viewer) tell(viewer);
    } catch ({ message }) {
      problem.textContent = message;
      form.elements.token.focus();
    }
  });
  known.querySelector('button').addEventListener('click', () => {
    keep(null);
    location.reload();
  });
  if (token !== null) {
    viewerOf(token).then((viewer) => { if (viewer) tell(viewer); }, ({ message }) => ask(message));
  }
}
</script>
`;
