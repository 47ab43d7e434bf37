// Purges what a call has changed, by the tags that its message names, once it has succeeded.
import type { DescMethod } from "@bufbuild/protobuf";
import { parseTagTemplate } from "../../../core/cache/purge/tag-template.ts";
import type { Caches } from "../cache/caches.ts";
import { tagsOf } from "../cache/lookup/message-tags.ts";
import type { Layer } from "../call.ts";
import { decodeMessage } from "../protocol/message.ts";

export interface InvalidateSettings {
  readonly method: DescMethod; // of one request message
  readonly tags: readonly string[]; // templates
  readonly maxBytes: number; // of the message, uncompressed
  readonly caches: Caches;
}

/** Needs the body whole. */
export function invalidate({ method, tags, maxBytes, caches }: InvalidateSettings): Layer {
  const templates = tags.map(parseTagTemplate);
  return (next) => async (call) => {
    const message = await decodeMessage(call, method, maxBytes);
    const named = message === undefined ? [] : tagsOf(templates, message);
    const response = await next(call);
    const hasFailed = response.status !== 200 || Number(response.headers.get("grpc-status") ?? 0) !== 0;
    if (!hasFailed) caches.invalidate(named, Date.now());
    return response;
  };
}
