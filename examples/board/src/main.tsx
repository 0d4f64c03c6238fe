/** Where the board begins. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { Boundary } from './ui/boundary.tsx';
import { Notice } from './ui/notice.tsx';
import './ui/base.css';

const root = document.getElementById('board');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Boundary
        instead={<Notice kind="problem">Something went wrong. Load the page again.</Notice>}
      >
        <App />
      </Boundary>
    </StrictMode>,
  );
}
