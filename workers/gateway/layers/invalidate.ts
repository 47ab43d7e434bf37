// Purges the tags that the message of a call names, once the call has succeeded.
import { fieldPaths, parseTagTemplate, type TagTemplate } from "../../../core/cache/purge/tag-template.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Caches } from "../cache/caches.ts";
import { tagsOf } from "../cache/lookup/message-tags.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";
import type { Call } from "../call.ts";

export interface InvalidateSettings {
  readonly tags: readonly string[]; // tag templates of the route
  readonly caches: Caches;
}

/**
 * For unary methods with side effects. A call whose message cannot be read is refused: its upstream may read it, and the responses that it
 * makes wrong would stay stored. Tags without fields need no message.
 */
export function invalidate({ isUnary, hasNoSideEffects }: MethodTraits, { tags, caches }: InvalidateSettings): Layer | undefined {
  if (tags.length === 0 || !isUnary || hasNoSideEffects) return undefined;
  const templates = tags.map(parseTagTemplate);
  const readsMessage = templates.some((template) => fieldPaths(template).length > 0);
  const layer: Layer = (next) => async (call) => {
    const changedTags = readsMessage ? tagsIn(call, templates) : tags;
    const response = await next(call);
    const hasFailed = response.status !== 200 || Number(response.headers.get("grpc-status") ?? 0) !== 0;
    if (!hasFailed) caches.invalidate(changedTags, Date.now());
    return response;
  };
  return readsMessage ? needsWholeBody(layer) : layer;
}

/** @throws Rejected where the message cannot be read */
function tagsIn(call: Call, templates: readonly TagTemplate[]): readonly string[] {
  const decoded = call.decoded();
  if (decoded.kind === "unreadable") throw new Rejected(decoded.rejection);
  return tagsOf(templates, decoded.message);
}
