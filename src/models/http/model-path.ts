/** Everything after the one slash behind `models`: an id may begin with a slash, as vLLM's paths do. */
const RETRIEVE_PATH = /^\/+v1\/+models\/([^?#]*)/;

/**
 * The ids that the path of a retrieve request may mean, the likeliest first. The last one has a slash in front, which
 * proxies take away.
 *
 * The raw URL is read, not the router's parameter: the router folds slashes that may belong to the id.
 * @param url the request's URL as it was sent, path and query string
 */
export function requestedIds(url: string): string[] {
  const encoded = RETRIEVE_PATH.exec(url)?.[1] ?? '';
  const id = decode(encoded);
  const withoutEnd = withoutFinalSlashes(id);
  const trimmed = withoutEnd.replace(/^\/+/, '');
  return trimmed === id ? [id, `/${id}`] : [id, withoutEnd, trimmed, `/${trimmed}`];
}

/** A pattern would take quadratic time for a path of slashes. */
function withoutFinalSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
