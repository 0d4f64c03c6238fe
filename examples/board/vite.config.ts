import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run board` builds into dist, which the server serves; `npx vite examples/board` develops. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/board/',
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023' },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/graphql': { target: 'http://127.0.0.1:4000', ws: true },
      '/files': 'http://127.0.0.1:4000',
    },
  },
});
