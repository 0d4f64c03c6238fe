import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  resolve: {
    alias: [
      // Packages load graphql's CommonJS build; Vite would give our files the other one, and
      // graphql refuses objects of a second copy of itself.
      { find: /^graphql$/, replacement: 'graphql/index.js' },
      { find: /^everstate$/, replacement: `${import.meta.dirname}/src/index.ts` },
      // Processes and threads that tests have started are compiled ones.
      {
        find: /^(\.\/|(\.\.\/)+shared\/)own-file\.ts$/,
        replacement: `${import.meta.dirname}/test/support/compiled-own-file.ts`,
      },
      // A third of what it takes to open an application.
      {
        find: /^\.\/schema\/index\.ts$/,
        replacement: `${import.meta.dirname}/test/support/schema-once.ts`,
      },
      // A fifth of what tests take.
      {
        find: /^\.\/duckdb-instance\.ts$/,
        replacement: `${import.meta.dirname}/test/support/closed-together.ts`,
      },
    ],
  },
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/compile.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // By default a second, which a busy machine takes now and then.
    expect: { poll: { timeout: 15_000 } },
    pool: 'forks',
    // One more than two cores: many tests wait, for processes, time limits and disks.
    maxWorkers: 3,
    // Loading the server's code anew for each of a hundred files took a fifth of the time.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    reporters: ['default'],
  },
});
