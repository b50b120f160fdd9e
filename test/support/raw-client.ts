import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Sends bytes that no HTTP client would, and reads the answer until the gateway closes the connection.
 * @param request may hold characters up to U+00FF, each sent as one byte
 */
export async function sendRaw(url: string, request: string): Promise<Response> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(Buffer.from(request, 'latin1'));
  await once(socket, 'close');
  return parse(Buffer.concat(chunks).toString('latin1'));
}

function parse(text: string): Response {
  const headEnd = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1];
  if (headEnd < 0 || status === undefined)
    throw new Error(`this is no HTTP response: ${JSON.stringify(text)}`);
  // An interim response, such as 100, comes before the real one.
  if (status.startsWith('1')) return parse(text.slice(headEnd + 4));
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  // A 304 has no body, not an empty one.
  return new Response(text.slice(headEnd + 4) || null, { status: Number(status), headers });
}
