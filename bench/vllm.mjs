// A provider with rows as vLLM writes them: with CHANGES, dates and permission ids are new in every answer.
import { createServer } from 'node:http';

const { PORT, MODELS, CHANGES } = process.env;
let answers = 0;

function list() {
  answers += 1;
  const created = 1_700_000_000 + answers;
  const data = Array.from({ length: Number(MODELS) }, (_, index) => ({
    id: `vendor/model-${index}-instruct`,
    object: 'model',
    created,
    owned_by: 'vllm',
    root: `vendor/model-${index}-instruct`,
    parent: null,
    max_model_len: 131_072,
    permission: [
      {
        id: `modelperm-${String(answers * 1000 + index).padStart(32, '0')}`,
        object: 'model_permission',
        created,
        allow_sampling: true,
        allow_view: true,
        organization: '*',
        group: null,
        is_blocking: false,
      },
    ],
  }));
  return Buffer.from(JSON.stringify({ object: 'list', data }));
}

const repeated = list();
createServer((_request, response) => {
  const body = CHANGES ? list() : repeated;
  // As Python's servers do.
  const date = new Date((1_700_000_000 + answers) * 1000).toUTCString();
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, date })
    .end(body);
}).listen(Number(PORT), '127.0.0.1');
