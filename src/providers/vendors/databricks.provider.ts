import { IsHost } from '../../config/rules/urls.js';
import { trimmedPath, withPath } from '../http/base-url.js';
import { httpVendor } from '../http/http.provider.js';

class DatabricksVariables {
  @IsHost()
  DATABRICKS_HOST?: string;
}

/**
 * Databricks: the serving endpoints of a workspace, which are called by their names; or the OpenAI-compatible list of
 * its AI gateway, where the base URL is that. The creator of an endpoint is an e-mail address and is not shown.
 * @see https://docs.databricks.com/api/workspace/servingendpoints/list
 */
export const databricks = httpVendor({
  engine: 'databricks',
  variables: DatabricksVariables,
  exampleSettings: { DATABRICKS_HOST: 'your-workspace.cloud.databricks.com' },
  urlVariables: ['DATABRICKS_HOST', 'MAIN_MODEL_BASE_URL'],
  listUrl: endpointsUrl,
  keyVariables: ['DATABRICKS_TOKEN', 'MAIN_MODEL_API_KEY'],
  listFields: ['endpoints', 'data'],
  leavesOutEmptyLists: true,
  idFields: ['name', 'id'],
  createdFields: ['creation_timestamp', 'created'],
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

/** `{workspace}/api/2.0/serving-endpoints`, also where the base is that of the chats; or the list of the AI gateway. */
function endpointsUrl(base: URL): URL {
  const gateway = /^.*\/ai-gateway\/mlflow\/v1(?=\/models$|$)/.exec(trimmedPath(base));
  if (gateway !== null) return withPath(base, `${gateway[0]}/models`);
  const path = trimmedPath(base).replace(/(\/api\/2\.0)?\/serving-endpoints$/, '');
  return withPath(base, `${path}/api/2.0/serving-endpoints`);
}
