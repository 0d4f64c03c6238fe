/** Settings of GraphQL Code Generator for the operations of this folder. */
export default {
  // The server's address, or its schema, as `everstate schema` prints it.
  schema: 'http://127.0.0.1:4000/graphql',
  // Where operations are written; patterns such as 'src/**/*.ts' too.
  documents: ['operations.ts'],
  generates: {
    'generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // How each scalar travels. One that is not listed fails.
        scalars: {
          DateTime: 'string',
          Position: 'string',
          Int64: 'number',
          Base64: 'string',
          File: 'File | Blob',
          JSON: 'unknown',
        },
        strictScalars: true,
        enumType: 'string-literal',
        useTypeImports: true,
        // For Node as it runs TypeScript; '.js' for what tsc emits, nothing for bundlers.
        importExtension: '.ts',
      },
    },
    // Which types an interface or a union has: Apollo’s cache cannot tell from answers.
    'generated/possible-types.ts': {
      plugins: ['fragment-matcher'],
      config: { deterministic: true },
    },
  },
};
