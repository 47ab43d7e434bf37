// Purges the tags that the message of a call names, once the call has succeeded.
import { parseTagTemplate } from "../../../core/cache/purge/tag-template.ts";
import type { Caches } from "../cache/caches.ts";
import { tagsOf } from "../cache/lookup/message-tags.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";

export interface InvalidateSettings {
  readonly tags: readonly string[]; // tag templates of the route
  readonly caches: Caches;
}

/** For unary methods with side effects. */
export function invalidate({ isUnary, hasNoSideEffects }: MethodTraits, { tags, caches }: InvalidateSettings): Layer | undefined {
  if (tags.length === 0 || !isUnary || hasNoSideEffects) return undefined;
  const templates = tags.map(parseTagTemplate);
  return needsWholeBody((next) => async (call) => {
    const message = call.message();
    const changedTags = message === undefined ? [] : tagsOf(templates, message);
    const response = await next(call);
    const hasFailed = response.status !== 200 || Number(response.headers.get("grpc-status") ?? 0) !== 0;
    if (!hasFailed) caches.invalidate(changedTags, Date.now());
    return response;
  });
}
