/** How whoever runs this server fills it with the demo's data. */
export const demoCommand = import.meta.url.endsWith('.ts') ? 'npm run demo' : 'npx everstate demo';
