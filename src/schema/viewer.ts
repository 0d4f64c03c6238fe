/** Who asks. */
import type { Viewer } from '../entities/index.ts';
import type { Builder } from './builder.ts';

export function addViewer(builder: Builder): void {
  const viewer = builder.objectRef<Viewer>('Viewer').implement({
    description: 'Who asks, as a token says.',
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'The token’s `sub`: what transactions have as their actor.',
      }),
      roles: t.exposeStringList('roles', { description: 'The roles that the token lists.' }),
    }),
  });
  builder.queryField('viewer', (t) =>
    t.field({
      type: viewer,
      nullable: true,
      description: 'Who asks; null where the server does not ask who one is.',
      resolve: (_root, _args, { operation }) => {
        operation.dependOnMore();
        return operation.view.viewer;
      },
    }),
  );
}
