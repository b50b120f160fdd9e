// A provider in node:http. With CHANGES, the first date of its list is a new one in every answer.
import { createServer } from 'node:http';
import { modelList } from './model-list.mjs';

const { PORT, MODELS, CHANGES } = process.env;
const body = modelList(Number(MODELS));
const date = body.indexOf('1700000000');
let answers = 0;

function changed() {
  answers += 1;
  const copy = Buffer.from(body);
  copy.write(String(1_600_000_000 + answers), date);
  return copy;
}

createServer((_request, response) => {
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    .end(CHANGES ? changed() : body);
}).listen(Number(PORT), '127.0.0.1');
