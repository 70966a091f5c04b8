import { ApiError, type List } from '../api.js';
import { isObject, type JsonObject, objectMember, textMember } from '../json.js';
import { AnswerTooLarge } from './answer-text.js';
import { KubernetesError } from './errors.js';
import type { Query } from './paths.js';

/** A part of a list. */
export interface ListPage extends List<JsonObject> {
  /** What asks for the next one, as `continue`; empty behind the last. */
  readonly next: string;
}

/** As the server sends it. */
export interface Page extends ListPage {
  /** Length of its text. */
  readonly length: number;
}

/** Asks for one page. */
export type ReadPage = (query: Query) => Promise<Page>;

/** Objects of one page, if they are of a usual size. */
const PAGE = 100;
/** Objects that a list may have, of which an empty page counts as one: no server goes on for ever. */
const MAX_OBJECTS = 1_000_000;
/** Characters of JSON that are held at once. */
const MAX_LIST = 256 << 20;

/**
 * The pages of a list, one after the other; those that are too large are asked for again with half of the objects.
 * @param from - `next` of a page, to go on behind it.
 */
export async function* pagesOf(read: ReadPage, path: string, from: string = ''): AsyncIterable<Page> {
  let limit = PAGE;
  let count = 0;
  do {
    let page: Page;
    try {
      page = await read({ limit, ...(from !== '' && { continue: from }) });
    } catch (error) {
      if (!(error instanceof AnswerTooLarge) || limit === 1) throw error;
      limit = Math.floor(limit / 2);
      continue;
    }
    count += Math.max(1, page.items.length);
    if (count > MAX_OBJECTS) throw tooLong(path, `${MAX_OBJECTS} objects`);
    yield page;
    from = page.next;
    if (from === '') return;
  } while (true);
}

/** All pages in one list. One that took longer than the server remembers is asked for in one go, once. */
export async function wholeList(read: ReadPage, path: string): Promise<List<JsonObject>> {
  const items: JsonObject[] = [];
  let length = 0;
  let resourceVersion = '';
  try {
    for await (const page of pagesOf(read, path)) {
      length += page.length;
      if (length > MAX_LIST) throw tooLong(path, `${MAX_LIST} characters`);
      for (const item of page.items) items.push(item);
      ({ resourceVersion } = page);
    }
    return { items, resourceVersion };
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'Expired') return await read({});
    throw error;
  }
}

const tooLong = (path: string, limit: string): KubernetesError =>
  new KubernetesError('ERR_KUBERNETES_ANSWER', path, `Cannot list ${path}: it has more than ${limit}`);

/** @throws {@link KubernetesError} `ERR_KUBERNETES_ANSWER` for what is no list. */
export function readPage(json: unknown, length: number, path: string): Page {
  const metadata = objectMember(json, 'metadata');
  const items = isObject(json) ? (json['items'] ?? []) : undefined;
  const resourceVersion = textMember(metadata, 'resourceVersion');
  if (!Array.isArray(items) || resourceVersion === '')
    throw new KubernetesError('ERR_KUBERNETES_ANSWER', path, `Cannot use the answer to GET ${path}: it is no list`);
  return { items: items.filter(isObject), resourceVersion, next: textMember(metadata, 'continue'), length };
}
