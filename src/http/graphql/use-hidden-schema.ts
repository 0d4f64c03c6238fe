/** Keeps the schema to those who know it: nobody may ask for it, and no error suggests what is in it. */
import { NoSchemaIntrospectionCustomRule, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** What a client may learn of the schema besides what it asks. */
export interface SchemaShown {
  /** Whether `__schema` and `__type` may be asked; `__typename` may in any case. */
  readonly introspection: boolean;
  /** Whether errors say what else may have been meant. */
  readonly suggestions: boolean;
}

export function useHiddenSchema({ introspection, suggestions }: SchemaShown): Plugin {
  // Both of validation and of execution, which reads variables.
  const hideSuggestions = !suggestions;
  return {
    onValidate({ addValidationRule, setValidationFn }) {
      if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
      if (!hideSuggestions) return;
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules, { hideSuggestions }),
      );
    },
    onExecute({ args }) {
      if (hideSuggestions) Object.assign(args, { hideSuggestions });
    },
    onSubscribe({ args }) {
      if (hideSuggestions) Object.assign(args, { hideSuggestions });
    },
  };
}
