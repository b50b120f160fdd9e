import { setImmediate as pass } from 'node:timers/promises';
import { asRow } from '../../catalogue/row.js';
import type { Row } from '../../catalogue/row.js';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import { rowsOfSlice } from '../../upstream/large-bodies/scan-body.js';
import type { ScannedBody } from '../../upstream/large-bodies/scan-body.js';
import { UpstreamError } from '../../upstream/upstream.error.js';
import type { RowReader } from './model-rows.js';
import type { Model } from '../../catalogue/model.js';

/** Several times as many as any provider lists. A list is written in one go, which must not hold up other callers. */
const MAX_MODELS = 120_000;

/** One page of a provider's list. */
export interface ModelPage {
  readonly models: readonly Model[];
  /** Whether no two models have the same id; undefined where that is not known. */
  readonly isUnique?: boolean;
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
  if (found === undefined) throw notAList();
  return { ...modelsOf(found, reader), envelope: found.length > 0 ? asRow(body) : undefined };
}

/**
 * Reads the body of a 200 that was scanned, and gives way to other work between its slices.
 * @throws UpstreamError `invalid` when it is no list of models, or the signal's reason
 */
export async function readLargePage(
  bytes: Buffer,
  { envelope, lists }: ScannedBody,
  reader: RowReader,
  signal: CancellationSignal,
): Promise<ModelPage> {
  const body: unknown = JSON.parse(envelope);
  const found = reader.rowsOf(body);
  if (found === undefined) throw notAList();
  const [index] = found;
  const list = typeof index === 'number' ? lists[index] : undefined;
  const models = new Map<string, Model>();
  let unreadable = list?.skipped ?? 0;
  for (const slice of list?.slices ?? []) {
    await pass();
    if (signal.aborted) throw signal.reason;
    const read = modelsOf(rowsOfSlice(bytes, slice), reader);
    for (const model of read.models) if (!models.has(model.id)) models.set(model.id, model);
    unreadable += read.unreadable;
    checkLength(models.size);
  }
  await pass();
  return {
    models: [...models.values()],
    isUnique: true,
    unreadable,
    envelope: list !== undefined && list.slices.length + list.skipped > 0 ? asRow(body) : undefined,
  };
}

/** @throws UpstreamError `invalid` when a list has more models than this service can hold */
export function checkLength(models: number): void {
  if (models > MAX_MODELS) {
    throw new UpstreamError('invalid', `The provider lists more than ${String(MAX_MODELS)} models.`);
  }
}

function modelsOf(found: readonly unknown[], reader: RowReader): Pick<ModelPage, 'models' | 'unreadable'> {
  const rows = found.filter((row) => reader.isUsable(row));
  const models = rows.map((row) => reader.modelOf(row)).filter((model) => model !== undefined);
  return { models, unreadable: rows.length - models.length };
}

function notAList(): UpstreamError {
  return new UpstreamError('invalid', 'The provider answered 200 with no list of models.');
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
