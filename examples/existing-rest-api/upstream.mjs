// Stands for an API that exists.
import { createServer } from "node:http";

const ITEMS = { 1: "Tide table", 2: "Signal lamp" };

createServer((request, response) => {
  const id = /^\/shop\/items\/(\d+)$/.exec(request.url ?? "")?.[1];
  const name = id === undefined ? undefined : ITEMS[id];
  if (name === undefined) return void response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
  response.writeHead(200, { "content-type": "application/json", "cache-control": "public, max-age=60" }).end(JSON.stringify({ id, name }));
}).listen(18181, "127.0.0.1", () => console.log("the API listens on 127.0.0.1:18181"));
