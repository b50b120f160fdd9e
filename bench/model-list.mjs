/** The body of a provider's list; a model takes about 110 bytes. */
export function modelList(count) {
  const data = Array.from({ length: count }, (_, index) => ({
    id: `vendor-${index % 17}/model-${index}-instruct`,
    object: 'model',
    created: 1_700_000_000 + index,
    owned_by: `vendor-${index % 17}`,
  }));
  return Buffer.from(JSON.stringify({ object: 'list', data }));
}
