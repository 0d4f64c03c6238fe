/** Spans of fields, by Pothos’s plugin: loaded where traces are asked for alone. */
import type { GraphQLFieldResolver } from 'graphql';

type Resolver = GraphQLFieldResolver<unknown, object, Record<string, unknown>>;

/** A field as Pothos has it. */
interface Field {
  readonly parentType: string;
  readonly args: object;
}

/** How a schema is traced. Its types name no package that may not be there. */
export interface SchemaTracing {
  readonly plugin: 'tracing';
  /** Whether a field has a span of its own. */
  readonly isTraced: (field: Field) => boolean;
  readonly wrap: (resolver: Resolver, options: unknown, field: object) => Resolver;
}

/** Those that are asked with arguments read for themselves; what lies in a record costs nothing. */
const isTraced = ({ parentType, args }: Field) =>
  ['Query', 'Mutation', 'Subscription'].includes(parentType) || Object.keys(args).length > 0;

/** @throws what Node throws for packages that are not installed. */
export async function loadSchemaTracing(): Promise<SchemaTracing> {
  const [{ default: plugin }, { createOpenTelemetryWrapper }, { trace }] = await Promise.all([
    import('@pothos/plugin-tracing'),
    import('@pothos/tracing-opentelemetry'),
    import('@opentelemetry/api'),
  ]);
  const wrap = createOpenTelemetryWrapper(trace.getTracer('everstate'));
  return { plugin, isTraced, wrap: wrap as unknown as SchemaTracing['wrap'] };
}
