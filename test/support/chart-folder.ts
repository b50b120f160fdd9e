/** The Helm chart, from the root of the repository. */
export const CHART = 'deploy/helm/models-gateway';
