
      export interface PossibleTypesResultData {
        possibleTypes: {
          [key: string]: string[]
        }
      }
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "CreateLakeFileResult": [
      "AlreadyExists",
      "CreateLakeFilePayload",
      "IdempotencyMismatch",
      "InvalidInput"
    ],
    "CreateTodoResult": [
      "AlreadyExists",
      "CreateTodoPayload",
      "IdempotencyMismatch",
      "InvalidInput"
    ],
    "CreateTodosResult": [
      "AlreadyExists",
      "CreateTodosPayload",
      "IdempotencyMismatch",
      "InvalidInput"
    ],
    "DeleteLakeFileResult": [
      "DeleteLakeFilePayload",
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevisionConflict"
    ],
    "DeleteTodoResult": [
      "DeleteTodoPayload",
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevisionConflict"
    ],
    "EraseRecordResult": [
      "EraseRecordPayload",
      "NotFound"
    ],
    "Node": [
      "LakeFile",
      "Todo"
    ],
    "Problem": [
      "AlreadyExists",
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevertConflict",
      "RevisionConflict"
    ],
    "RestoreLakeFileResult": [
      "AlreadyExists",
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RestoreLakeFilePayload"
    ],
    "RestoreTodoResult": [
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RestoreTodoPayload"
    ],
    "RevertResult": [
      "AlreadyExists",
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevertConflict",
      "RevertPayload"
    ],
    "TransactResult": [
      "AlreadyExists",
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevisionConflict",
      "TransactPayload"
    ],
    "UpdateLakeFileResult": [
      "AlreadyExists",
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevisionConflict",
      "UpdateLakeFilePayload"
    ],
    "UpdateTodoResult": [
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevisionConflict",
      "UpdateTodoPayload"
    ],
    "UpdateTodosResult": [
      "IdempotencyMismatch",
      "InvalidInput",
      "NotFound",
      "RevisionConflict",
      "UpdateTodosPayload"
    ],
    "Version": [
      "LakeFileVersion",
      "TodoVersion"
    ]
  }
};
      export default result;
    