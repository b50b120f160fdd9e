/**
 * Mistakes that a value shows by itself, so that a message can explain a refusal without the value. Each completes the
 * sentence "…; this …".
 */

/**
 * A rule, and what is wrong with the value where that is obvious.
 * @param mistakeOf names the mistake in a text
 */
export function withMistake(
  rule: string,
  value: unknown,
  mistakeOf: (text: string) => string | undefined,
): string {
  const mistake = typeof value === 'string' ? mistakeOf(value) : undefined;
  return mistake === undefined ? rule : `${rule}; this ${mistake}`;
}

/** Whether quotes enclose a text. `docker --env-file` and Kubernetes keep the quotes of a value. */
export function isQuoted(text: string): boolean {
  return /^(["'`]).*\1$/s.test(text);
}

/**
 * A line for a shell or a `.env` file. The names that count are those of variables: base64 ends in `=`, and a key may
 * have one inside.
 */
const ASSIGNMENT = /^(?:export\s+\w+|[A-Z][A-Z\d_]*|\w*(?:key|token|secret))\s*=\s*[^=\s]/m;

/** What is wrong with a text that stands for a secret; undefined where nothing is obvious. */
export function secretMistake(text: string): string | undefined {
  // UTF-16 that was read as UTF-8.
  if (text.includes('\0')) return 'is not saved as UTF-8';
  if (isQuoted(text)) return 'is in quotes, which would be part of it';
  if (ASSIGNMENT.test(text)) return 'has the form NAME=value, and only the value belongs here';
  return undefined;
}

/** What URLs cannot hold, and what templates hold where a name was not replaced. */
const NOT_IN_URL = /[\s<>{}]|\$\(/;
/** Names of DNS, those with underscores that Docker Compose allows, and IP addresses. */
const HOST = /^(?:\[[\da-f:.]+\]|[a-z\d_](?:[a-z\d_-]*[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d_])?)*\.?)$/i;
/** How programs write a value that is not there. */
const NO_HOSTS: ReadonlySet<string> = new Set(['undefined', 'null']);

/**
 * What is wrong with the host of a URL, which is often filled in by a template; undefined where nothing is obvious.
 * The text itself is judged: in `http:///v1` the class `URL` takes `v1` for the host.
 */
export function hostMistake(text: string): string | undefined {
  const [, authority = ''] = /^[a-z][a-z\d+.-]*:\/\/([^/?#\\]*)/i.exec(text) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const [, name, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(host) ?? [];
  if (name === '') return 'has no host';
  if (port !== undefined && !/^0*[1-9]\d*$/.test(port)) return 'has no valid port';
  if (!URL.canParse(text)) return undefined;
  const { hostname } = new URL(text);
  return HOST.test(hostname) && !NO_HOSTS.has(hostname) ? undefined : 'has no valid host';
}

/** What is wrong with an http or https URL; undefined where nothing is obvious. */
export function urlMistake(text: string): string | undefined {
  return NOT_IN_URL.test(text)
    ? 'holds a placeholder, or a character that must be escaped'
    : hostMistake(text);
}
