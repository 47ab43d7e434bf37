// Pages of a list of keys: in the order of the shards, and of the ids in each. The token of a page is the last id of the one before.
import { Code, ConnectError } from "@connectrpc/connect";
import { isKeyId } from "../../../../core/keys/api-key.ts";
import { shardOf } from "../../../../core/keys/key-shards.ts";

const DEFAULT_SIZE = 100;
const MAX_SIZE = 500;

export interface KeyPage {
  readonly shard: number; // where the page starts
  readonly after: string; // id after which it starts there; "" from the beginning
  readonly limit: number;
}

/** @throws ConnectError `invalid_argument` */
export function pageFrom({ pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string }): KeyPage {
  if (pageSize < 0 || pageSize > MAX_SIZE)
    throw new ConnectError(`page_size: write 1 to ${MAX_SIZE}, or 0 for ${DEFAULT_SIZE}`, Code.InvalidArgument);
  const limit = pageSize === 0 ? DEFAULT_SIZE : pageSize;
  if (pageToken === "") return { shard: 0, after: "", limit };
  if (!isKeyId(pageToken)) throw new ConnectError("page_token: write the next_page_token of the page before", Code.InvalidArgument);
  return { shard: shardOf(pageToken), after: pageToken, limit };
}
