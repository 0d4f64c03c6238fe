/** The colours of code in the guides, given while the page is made. */
import type {} from 'highlight.js';
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import graphql from 'highlight.js/lib/languages/graphql';
import http from 'highlight.js/lib/languages/http';
import json from 'highlight.js/lib/languages/json';
import typescript from 'highlight.js/lib/languages/typescript';
import { escapeHtml } from './html.ts';

hljs.registerLanguage('graphql', graphql);
hljs.registerLanguage('http', http);
hljs.registerLanguage('json', json);
hljs.registerLanguage('sh', bash);
hljs.registerLanguage('ts', typescript);

/**
 * Code as HTML, its words in spans with classes of highlight.js.
 * @param language what the fence in Markdown says; code in another than those above stays plain.
 */
export function highlight(code: string, language: string | undefined): string {
  if (!language || !hljs.getLanguage(language)) return escapeHtml(code);
  return hljs.highlight(code, { language }).value;
}
