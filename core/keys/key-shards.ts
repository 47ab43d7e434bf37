// The Durable Objects of the keys, by name.
import { hash32 } from "../hash.ts";

export const KEY_SHARDS = 16; // fixed: with another number no key would be found
export const KEY_LOG_NAME = "changes"; // the one that has the sequence of changes, and no keys

export function shardOf(id: string): number {
  return hash32(id) % KEY_SHARDS;
}

export function shardName(shard: number): string {
  return `shard-${shard}`;
}
