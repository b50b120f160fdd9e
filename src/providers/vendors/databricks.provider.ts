import { IsHost } from '../../config/rules/urls.js';
import { trimmedPath, withPath } from '../http/base-url.js';
import { httpVendor } from '../http/http.provider.js';

class DatabricksVariables {
  @IsHost()
  DATABRICKS_HOST?: string;
}

/**
 * Databricks: the serving endpoints of a workspace, which are called by their names. The creator of an endpoint is an
 * e-mail address and is not shown.
 * @see https://docs.databricks.com/api/workspace/servingendpoints/list
 */
export const databricks = httpVendor({
  engine: 'databricks',
  variables: DatabricksVariables,
  urlVariables: ['DATABRICKS_HOST', 'MAIN_MODEL_BASE_URL'],
  listUrl: endpointsUrl,
  keyVariables: ['DATABRICKS_TOKEN', 'MAIN_MODEL_API_KEY'],
  listFields: ['endpoints'],
  leavesOutEmptyLists: true,
  idFields: ['name'],
  createdFields: ['creation_timestamp'],
  ownerFields: [],
  metadata: {
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
  },
});

/** `{workspace}/api/2.0/serving-endpoints`, also where the base is that of the chats. */
function endpointsUrl(base: URL): URL {
  const path = trimmedPath(base).replace(/(\/api\/2\.0)?\/serving-endpoints$/, '');
  return withPath(base, `${path}/api/2.0/serving-endpoints`);
}
