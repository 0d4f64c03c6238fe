/** Files that are dropped anywhere on the page: beside a small target the browser would open them. */
import { useEffect, useRef, useState } from 'react';

/**
 * @param onFiles is given those that are files; null takes none.
 * @param onFolders is told the names of folders, which are not taken.
 * @returns whether files are held above the page.
 */
export function useDrop(
  onFiles: ((files: readonly File[]) => void) | null,
  onFolders: (names: readonly string[]) => void,
): boolean {
  const [isOver, setIsOver] = useState(false);
  const take = useRef({ onFiles, onFolders });
  useEffect(() => {
    take.current = { onFiles, onFolders };
  });
  useEffect(() => {
    const onOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = take.current.onFiles ? 'copy' : 'none';
      setIsOver(take.current.onFiles !== null);
    };
    // It leaves an element for each that it enters; the page as a whole it leaves for none.
    const onLeave = ({ relatedTarget }: DragEvent) => {
      if (relatedTarget === null) setIsOver(false);
    };
    const onDrop = (event: DragEvent) => {
      setIsOver(false);
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      const { files, folders } = droppedOf(event.dataTransfer);
      if (files.length > 0) take.current.onFiles?.(files);
      if (folders.length > 0) take.current.onFolders(folders);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, []);
  return isOver;
}

function droppedOf({ items }: DataTransfer): { files: File[]; folders: string[] } {
  const files: File[] = [];
  const folders: string[] = [];
  for (const item of items) {
    const file = item.getAsFile();
    if (item.webkitGetAsEntry()?.isDirectory) folders.push(file?.name ?? '');
    else if (file) files.push(file);
  }
  return { files, folders };
}
