/**
 * The only script of the guides, at /docs/copy.js: a button at each piece of code that copies it.
 * It makes the buttons itself, so that without it there are none that do nothing. Where a page may
 * not write to the clipboard, as over plain HTTP under a name, it copies as pages did before.
 */
export const copyScript = `const shownMs = 2000;

for (const block of document.querySelectorAll('.code')) {
  const code = block.querySelector('code');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-live', 'polite');
  let back;
  button.addEventListener('click', async () => {
    // Without the end of the last line, at which a shell would run what is pasted.
    const isCopied = await copy(code.textContent.trimEnd());
    if (!isCopied) getSelection().selectAllChildren(code);
    button.textContent = isCopied ? 'Copied' : 'Selected';
    clearTimeout(back);
    back = setTimeout(() => { button.textContent = 'Copy'; }, shownMs);
  });
  block.append(button);
}

// What scrolls sideways must be reached by keyboard in every browser.
function makeScrollersFocusable() {
  for (const box of document.querySelectorAll('.code pre, .table')) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
}
makeScrollersFocusable();
addEventListener('resize', makeScrollersFocusable);

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  focused?.focus();
  return isCopied;
}
`;
