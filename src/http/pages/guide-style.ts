/** How guides look, beside what all pages have. Colours of code have a contrast of 4.5 or more. */
export const guideStyle = `
  body { max-width: 50rem; padding-block: clamp(1.5rem, 6vh, 4rem); }
  main > h1 { margin-bottom: 1.5rem; }
  article { min-width: 0; overflow-wrap: break-word; }
  article :is(h2, h3) { scroll-margin-top: 1rem; letter-spacing: -.01em; line-height: 1.3; }
  article h2 { margin: 2.75rem 0 .5rem; font-size: 1.4375rem; }
  article h3 { margin: 2rem 0 .5rem; font-size: 1.125rem; }
  article > :first-child { margin-top: 0; }
  article img {
    box-sizing: border-box; max-width: 100%; height: auto;
    border: 1px solid var(--line); border-radius: 10px;
  }
  article :not(pre) > code {
    padding: .1em .3em; border-radius: 5px;
    background: light-dark(#e9ebf2, #232733);
  }
  .anchor { color: var(--muted); text-decoration: none; font-weight: 400; opacity: 0; }
  :is(h2, h3):hover .anchor, .anchor:focus-visible { opacity: 1; }
  @media (hover: none) { .anchor { opacity: 1; } }

  .table { overflow-x: auto; }
  table { border-collapse: collapse; font-size: .9375rem; }
  :is(th, td) {
    padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line);
    text-align: left; vertical-align: top; overflow-wrap: normal;
  }

  .code { position: relative; margin: 1rem 0; }
  .code pre { margin: 0; }
  /* The button lies over the end of the first line, until that is scrolled to. */
  .code code {
    display: inline-block; padding-right: 3.5rem; font-size: .8125rem; line-height: 1.55;
  }
  .copy {
    position: absolute; top: .4rem; right: .4rem; padding: .15rem .55rem;
    border: 1px solid var(--line); border-radius: 7px; background: var(--surface);
    color: var(--muted); font: inherit; font-size: .75rem; cursor: pointer;
  }
  .copy:hover { border-color: var(--accent); color: var(--accent); }

  .contents {
    margin: 0 0 2rem; padding: .75rem 1rem; max-height: 13rem; overflow-y: auto;
    border: 1px solid var(--line); border-radius: 10px; background: var(--surface);
  }
  .contents ul { margin: 0; padding: 0; list-style: none; font-size: .875rem; }
  .contents li { padding: .15rem 0; }
  .contents a { color: inherit; text-decoration: none; }
  .contents a:hover { color: var(--accent); text-decoration: underline; }
  .depth-3 { margin-left: 1rem; color: var(--muted); }
  @media (width >= 72rem) {
    body:has(.contents) { max-width: 68rem; }
    main:has(.contents) { display: grid; grid-template-columns: minmax(0, 1fr) 15rem; gap: 0 3rem; }
    main:has(.contents) > :is(h1, footer) { grid-column: 1; }
    .contents {
      grid-column: 2; grid-row: 2; position: sticky; top: 1rem; align-self: start;
      max-height: calc(100vh - 4rem); margin: 0;
    }
    main:has(.contents) > article { grid-column: 1; grid-row: 2; }
  }

  .hljs-comment { color: light-dark(#5f6b7a, #98a2b3); }
  .hljs-keyword, .hljs-built_in, .hljs-literal { color: light-dark(#8a3ab0, #d3a4f5); }
  .hljs-string { color: light-dark(#1e6b3a, #8ed6a3); }
  .hljs-number, .hljs-variable, .hljs-symbol { color: light-dark(#9a4a00, #f0b27a); }
  .hljs-attr, .hljs-attribute, .hljs-property { color: light-dark(#2f46b8, #9fb0ff); }
  .hljs-title, .hljs-type, .hljs-meta { color: light-dark(#0b6474, #7fd0de); }
`;
