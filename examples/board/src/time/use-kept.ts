/** What was known last: a question that fails does not take the answer before it away. */
import { useState } from 'react';

export function useKept<T>(answer: T | undefined): T | undefined {
  const [kept, setKept] = useState(answer);
  if (answer !== undefined && answer !== kept) setKept(answer);
  return answer ?? kept;
}
