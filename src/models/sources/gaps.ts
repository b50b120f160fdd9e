import type { ListResult } from './list-source.js';

/** The codes of providers that failed, which may be over in a moment; others are there to stay. */
const FAILURE = /^(upstream_[a-z\d_]+|overloaded|provider_not_configured)$/;

/**
 * What the list of an engine lacks, for its header. An engine that is a gateway says so of its own engines: a gap of
 * its engine `openai` is one of `gateway/openai` here.
 * @param lacks a word, or `engine=code,…`
 */
export function gapsOf(engine: string, lacks: string): Pick<ListResult, 'missing' | 'lacking'> {
  const missing = new Map<string, string>();
  const lacking = new Map<string, string>();
  for (const gap of lacks.split(',')) {
    const end = gap.lastIndexOf('=');
    const name = end < 0 ? engine : `${engine}/${gap.slice(0, end)}`;
    const code = gap.slice(end + 1);
    (FAILURE.test(code) ? missing : lacking).set(name, code);
  }
  return { ...(missing.size > 0 && { missing }), ...(lacking.size > 0 && { lacking }) };
}
