/** What clients see: the GraphQL schema of a set of entities. */
import type { GraphQLSchema } from 'graphql';
import { type Entity, LakeFile } from '../entities/index.ts';
import { boundAnswers } from './bounded-fields.ts';
import { createBuilder } from './builder.ts';
import { addBulkMutations } from './bulk-mutations.ts';
import { addChanges } from './changes.ts';
import { Connections } from './connections.ts';
import { addErase } from './erase.ts';
import { plainExtension } from './extension.ts';
import { FilterTypes } from './field-types.ts';
import { addFileFields } from './file-fields.ts';
import { GroupTypes } from './groups.ts';
import { addSharedInputs } from './inputs.ts';
import { lakeFileExtension } from './lake-files.ts';
import { addLog } from './log.ts';
import { addMutations } from './mutations.ts';
import { addNode, addNodeQuery } from './node.ts';
import { addProblems } from './problems.ts';
import { addChangeKind, addRecordChanges } from './record-changes.ts';
import { addRecord, type RecordContext } from './records.ts';
import { addScalars } from './scalars.ts';
import { loadSchemaTracing, type SchemaTracing } from './tracing.ts';
import { addTransact, type TransactedEntity } from './transact.ts';
import { addTransactionQueries } from './transactions.ts';
import { addHistory } from './versions.ts';
import { addViewer } from './viewer.ts';

export { loadSchemaTracing, type SchemaTracing };

/** Entities with hand-written parts: one line each. */
const extensions = new Map([[LakeFile as Entity, lakeFileExtension]]);

/**
 * The schema of these entities: everything generic is derived from their definitions.
 * @param tracing how fields are traced; null where none is.
 */
export function buildSchema(
  entities: readonly Entity[],
  tracing: SchemaTracing | null = null,
): GraphQLSchema {
  const builder = createBuilder(tracing);
  addScalars(builder);
  builder.queryType({
    description: 'Reading. All fields of one operation answer at one position.',
  });
  builder.mutationType({ description: 'Writing. Each field is one durable transaction.' });
  builder.subscriptionType({ description: 'Watching changes as they are committed.' });
  const connections = new Connections(builder);
  const history = addHistory(builder, connections);
  const inputs = addSharedInputs(builder, entities);
  const node = addNode(builder);
  const context: RecordContext = {
    builder,
    connections,
    history,
    filters: new FilterTypes(builder),
    inputs,
    node,
  };
  const groups = new GroupTypes(builder, inputs);
  const changeKind = addChangeKind(builder);
  const problems = addProblems(builder, history.version);
  const transacted: TransactedEntity[] = [];
  for (const entity of entities) {
    const extension = extensions.get(entity)?.(builder) ?? plainExtension(entity);
    const types = addRecord(context, entity);
    groups.add(entity, types);
    addRecordChanges(builder, changeKind, entity, types);
    const writes = addMutations(context, problems, types, extension);
    if (extension.bulk) addBulkMutations(context, problems, types, extension, writes);
    transacted.push({ extension, inputs: writes });
    addFileFields(builder, entity, types);
    extension.addFields(builder, types, context.inputs);
  }
  addTransact(context, problems, transacted);
  addErase(context, problems);
  addNodeQuery(builder, node, inputs);
  addTransactionQueries(context);
  addChanges(builder, history, inputs);
  addLog(builder);
  addViewer(builder);
  // As written here, not by the alphabet: GraphiQL shows what matters first.
  return boundAnswers(builder.toSchema({ sortSchema: false }));
}
