// The smallest Worker that has the gateway's Durable Objects.
export { TokenBucket } from "../../durable-objects/token-bucket.ts";

export default { fetch: () => new Response("this Worker only hosts objects", { status: 404 }) };
