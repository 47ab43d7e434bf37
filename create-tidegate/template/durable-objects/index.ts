// The Durable Objects of the gateway, in a Worker of their own: a deploy of it restarts all of them.
export { default } from "tidegate/objects";
export * from "tidegate/objects";
