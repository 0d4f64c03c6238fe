/**
 * Imported before anything that reads it. graphql-js looks twice at every value it meets, to warn of
 * a second copy of itself, unless it is told that this is no development: a fifth of its time.
 */
process.env.NODE_ENV ??= 'production';
