// The provider when nginx is not installed: constant bytes from node:http.
import { createServer } from 'node:http';
import { modelList } from './model-list.mjs';

const body = modelList(Number(process.env.MODELS));
createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}).listen(Number(process.env.PORT), '127.0.0.1');
