/**
 * All files of the lake at the moment that the board shows, page by page: the cursors hold on to
 * the moment of the first page, whatever is written meanwhile.
 */
import { useCallback, useEffect, useState } from 'react';
import { useClient } from 'urql';
import { filesQuery, type LakeFile } from '../graphql/files.ts';
import { useAfterChanges } from '../live.ts';
import { useMoment } from '../time/moment.tsx';
import { ofFiles } from '../time/use-board-query.ts';
import { whyUnread } from '../ui/unread.ts';

const pageSize = 100;

export interface AllFiles {
  /** Null until they are known; those known last while others are asked for. */
  readonly files: readonly LakeFile[] | null;
  readonly problem: string | null;
}

export function useAllFiles(): AllFiles {
  const client = useClient();
  const { asOf } = useMoment();
  const [all, setAll] = useState<AllFiles>({ files: null, problem: null });
  const [asked, setAsked] = useState(0);
  const position = asOf?.position ?? null;
  useAfterChanges(
    useCallback(() => setAsked((times) => times + 1), []),
    ofFiles,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of a file asks again
  useEffect(() => {
    let current = true;
    const readAll = async () => {
      const files: LakeFile[] = [];
      let after: string | null = null;
      do {
        const variables: { first: number; after: string | null; asOf: typeof asOf } = {
          first: pageSize,
          after,
          asOf: position === null ? null : { position },
        };
        const policy = { requestPolicy: 'network-only' } as const;
        const { data, error } = await client.query(filesQuery, variables, policy).toPromise();
        if (!current) return;
        if (!data) {
          setAll((known) => ({ ...known, problem: error ? whyUnread(error) : 'no answer.' }));
          return;
        }
        const { edges, pageInfo } = data.lakeFiles;
        files.push(...edges.map(({ node }) => node));
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      } while (after !== null);
      setAll({ files, problem: null });
    };
    readAll();
    return () => {
      current = false;
    };
  }, [client, position, asked]);
  return all;
}
