import type { Vendor } from '../vendor.js';
import { openAiModelsUrl, withDefaultPath } from './base-url.js';
import type { HttpVendor } from './http-vendor.js';
import { httpVendor } from './http.provider.js';

/** A built-in vendor that speaks OpenAI's Models API. */
export function openAiCompatible(vendor: Omit<HttpVendor, 'listUrl'>): Vendor {
  return httpVendor({ ...vendor, listUrl: openAiListUrl(vendor.defaultBaseUrl) });
}

/** Makes the URL of a list from a base URL: one that OpenAI's clients take, or the bare host of the default one. */
export function openAiListUrl(defaultBaseUrl?: string): (base: URL) => URL {
  return (base) =>
    openAiModelsUrl(defaultBaseUrl === undefined ? base : withDefaultPath(base, new URL(defaultBaseUrl)));
}
