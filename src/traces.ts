/** Traces by OpenTelemetry, to where its own variables (OTEL_*) say. */
import type { Traces } from './app.ts';
import { WrongSetting } from './config.ts';
import { loadTraces } from './http/index.ts';
import { loadSchemaTracing } from './schema/index.ts';

/** What users install who want traces: 50 MB, which nobody else needs. */
const tracePackages = [
  '@opentelemetry/api@1.9',
  // Later ones need Node 22.
  '@opentelemetry/sdk-node@0.223',
  '@opentelemetry/semantic-conventions',
  '@envelop/opentelemetry',
  '@pothos/plugin-tracing',
  '@pothos/tracing-opentelemetry',
];

export interface OpenTraces extends Traces {
  /** Sends what was not sent yet. */
  readonly close: () => Promise<void>;
}

/** Begins to trace this process. @throws WrongSetting where a package is not installed. */
export async function openTraces(): Promise<OpenTraces> {
  try {
    const { NodeSDK } = await import('@opentelemetry/sdk-node');
    const serviceName = process.env.OTEL_SERVICE_NAME ?? 'everstate';
    // Of the rest that it can do nothing is asked for.
    const sdk = new NodeSDK({ serviceName, metricReaders: [], logRecordProcessors: [] });
    sdk.start();
    const [plugins, schema] = await Promise.all([loadTraces(), loadSchemaTracing()]);
    return { plugins, schema, close: () => sdk.shutdown() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new WrongSetting(
      `--traces needs packages that are not installed: npm install ${tracePackages.join(' ')}`,
    );
  }
}
