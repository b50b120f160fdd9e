import { LRUCache } from 'lru-cache';
import type { Model } from '../../catalogue/model.js';
import { SYSTEM_CLOCK } from '../../concurrency/clock.js';
import { headerList } from '../../upstream/upstream-headers.js';
import type { UpstreamHeaders } from '../../upstream/upstream-headers.js';

/** How far "now" may be from the arrival of an answer: answers take time, and clocks differ, s. */
const NEAR_SECONDS = 10;
/** For the ids of a provider together. */
const MAX_BYTES = 2 * 1024 * 1024;
/** What an id takes beside its characters. */
const ENTRY_BYTES = 200;

/** Whether a date, in Unix seconds, is the time of an answer. */
export type NowTest = (seconds: number) => boolean;

/** The test for an answer that has just arrived: its time by the clock here, and by that of the provider. */
export function nowOf(headers: UpstreamHeaders): NowTest {
  const times = [SYSTEM_CLOCK.unix(), Date.parse(headerList(headers, 'date'))].map((time) => time / 1000);
  return (seconds) => times.some((time) => Math.abs(seconds - time) <= NEAR_SECONDS);
}

/**
 * Servers that make their rows at each request (vLLM, llama.cpp, KoboldCpp) give the time of the answer as the date of
 * each model. Such a model keeps the first date that was seen for it.
 */
export class FirstSeenDates {
  private readonly dates = new LRUCache<string, number>({
    maxSize: MAX_BYTES,
    sizeCalculation: (_date, id) => ENTRY_BYTES + 2 * id.length,
  });

  /** The models with dates that stay. */
  of(models: readonly Model[], isNow: NowTest): readonly Model[] {
    return models.map((model) => {
      const created = this.dateOf(model, isNow);
      return created === model.created ? model : { ...model, created };
    });
  }

  private dateOf({ id, created }: Model, isNow: NowTest): number {
    if (!isNow(created)) return created;
    const first = this.dates.get(id);
    if (first !== undefined) return first;
    this.dates.set(id, created);
    return created;
  }
}
