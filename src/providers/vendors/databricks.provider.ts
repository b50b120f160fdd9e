import { Injectable } from '@nestjs/common';
import type { MetadataFormat } from '../../catalogue/metadata-format.js';
import { databricksEndpointsUrl } from '../http/base-url.js';
import { HttpProvider } from '../http/http.provider.js';

/**
 * Databricks: the serving endpoints of a workspace, which are called by their names. Who created one is nobody's
 * business: it is an e-mail address.
 * @see https://docs.databricks.com/api/workspace/servingendpoints/list
 */
@Injectable()
export class DatabricksProvider extends HttpProvider {
  protected readonly engine = 'databricks';
  protected readonly keyVariables = ['DATABRICKS_TOKEN', 'MAIN_MODEL_API_KEY'] as const;
  protected readonly baseUrlVariables = ['DATABRICKS_HOST', 'MAIN_MODEL_BASE_URL'] as const;
  protected override readonly listFields = ['endpoints'];
  protected override readonly leavesOutEmptyLists = true;
  protected override readonly idFields = ['name'];
  protected override readonly createdFields = ['creation_timestamp'];
  protected override readonly ownerFields = [];
  protected override readonly metadata: MetadataFormat = {
    capabilities: [
      [
        'task',
        {
          'llm/v1/chat': 'chat',
          'agent/v1/chat': 'chat',
          'agent/v2/chat': 'chat',
          'llm/v1/completions': 'completions',
          'llm/v1/embeddings': 'embeddings',
        },
      ],
    ],
  };

  protected listUrl(base: URL): URL {
    return databricksEndpointsUrl(base);
  }
}
