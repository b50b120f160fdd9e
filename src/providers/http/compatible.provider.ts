import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import type { CompatibleVendor } from '../vendors/compatible-vendors.js';
import { withDefaultPath } from './base-url.js';
import { COMPATIBLE_METADATA } from './compatible-metadata.js';
import type { ModelProvider } from '../model-provider.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';

/** The provider class of a row of the vendors' table. */
export function compatibleProvider(vendor: CompatibleVendor): Type<ModelProvider> {
  @Injectable()
  class CompatibleProvider extends OpenAiCompatibleProvider {
    protected readonly engine = vendor.engine;
    protected readonly keyVariables = [...(vendor.keyVariables ?? []), 'MAIN_MODEL_API_KEY'];
    protected override readonly defaultBaseUrl = vendor.defaultBaseUrl;
    protected override readonly ownerFields = vendor.ownerFields ?? ['owned_by'];
    protected override readonly metadata = {
      ...COMPATIBLE_METADATA,
      displayName: vendor.displayNameFields ?? COMPATIBLE_METADATA.displayName,
    };

    protected override listUrl(base: URL): URL {
      const { defaultBaseUrl } = vendor;
      return super.listUrl(
        defaultBaseUrl === undefined ? base : withDefaultPath(base, new URL(defaultBaseUrl)),
      );
    }
  }
  return CompatibleProvider;
}
