/** What is told Prometheus: gathered in each process that serves, and put together by the first. */
export { contentType, expositionOf, type OfWorker } from './exposition.ts';
export { type Family, Metrics } from './metrics.ts';
