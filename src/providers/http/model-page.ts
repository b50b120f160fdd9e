import { asRow } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { RowReader } from './model-rows.js';
import type { Model } from '../../catalogue/model.js';

/** One page of a provider's list. */
export interface ModelPage {
  readonly models: readonly Model[];
  /** Rows that are no model. */
  readonly unreadable: number;
  /** The object around the rows, with the cursor to the next page; undefined for a bare or an empty list. */
  readonly envelope: Row | undefined;
}

/**
 * Reads the body of a 200.
 * @throws UpstreamError `invalid` when it is no list of models
 */
export function readPage(bytes: Buffer, reader: RowReader): ModelPage {
  const body = parseJson(bytes);
  const found = reader.rowsOf(body);
  if (found === undefined) {
    throw new UpstreamError('invalid', 'The provider answered 200 with no list of models.');
  }
  const rows = found.filter((row) => reader.isUsable(row));
  const models = rows.map((row) => reader.modelOf(row)).filter((model) => model !== undefined);
  return {
    models,
    unreadable: rows.length - models.length,
    envelope: found.length > 0 ? asRow(body) : undefined,
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    // JSON may not begin with a byte order mark (RFC 8259, section 8.1), but some servers write one.
    return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the body: it must not reach a caller.
    throw new UpstreamError('invalid', 'The provider answered 200 with a body that is not JSON.');
  }
}
