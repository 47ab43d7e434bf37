// LabService on connect-node, over HTTP/1.1, as a process of its own: prints its port.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { compressionBrotli, compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { lab } from "./service.ts";

const server = createServer(
  connectNodeAdapter({ routes: lab, acceptCompression: [compressionGzip, compressionBrotli], compressMinBytes: 256 }),
);
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
