import type { Vendor } from '../vendor.js';
import { openAiModelsUrl, withDefaultPath, withDefaultQuery } from './base-url.js';
import type { HttpVendor, QueryParameters } from './http-vendor.js';
import { httpVendor } from './http.provider.js';

/** A vendor that speaks OpenAI's Models API. */
export interface CompatibleVendor extends Omit<HttpVendor, 'listUrl'> {
  /** Query parameters of the list; one that the base URL has already keeps its value. */
  readonly listQuery?: QueryParameters;
}

/** A built-in vendor that speaks OpenAI's Models API. */
export function openAiCompatible({ listQuery = {}, ...vendor }: CompatibleVendor): Vendor {
  const listUrl = openAiListUrl(vendor.defaultBaseUrl);
  return httpVendor({ ...vendor, listUrl: (base) => withDefaultQuery(listUrl(base), listQuery) });
}

/** Makes the URL of a list from a base URL: one that OpenAI's clients take, or the bare host of the default one. */
export function openAiListUrl(defaultBaseUrl?: string): (base: URL) => URL {
  return (base) =>
    openAiModelsUrl(defaultBaseUrl === undefined ? base : withDefaultPath(base, new URL(defaultBaseUrl)));
}
