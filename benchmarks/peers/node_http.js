// node's own http module: a set of responses, one write each. `node node_http.js PORT`
const http = require('http');
const streams = new Set();
http.createServer((request, response) => {
  if (request.url === '/pub') {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      const event = Buffer.from(`event: presence\ndata: ${body}\n\n`);
      for (const stream of streams) stream.write(event);
      response.writeHead(204).end();
    });
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(':\n\n');
  streams.add(response);
  request.on('close', () => streams.delete(response));
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
