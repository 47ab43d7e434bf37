// What a layer is, and how layers are put around a handler.

import type { CallAttempt } from "../../call/call-attempt.ts";
import type { Call } from "../call.ts";

/** A response that is ready at once is no promise: that would cost a call that the cache serves some 7 % of its CPU. */
export type Responding = Response | Promise<Response>;

/** @param attempt undefined for layers above `retry` and `hedge` */
export type Handler = ((call: Call, attempt?: CallAttempt) => Responding) & { readonly needs?: Need };

/** What a layer needs of the layers above it: the request body as bytes, not as a stream. */
export type Need = "whole_body";

export type Layer = ((next: Handler) => Handler) & { readonly needs?: Need };

/** Marks a layer that reads the request body. */
export function needsWholeBody(layer: (next: Handler) => Handler): Layer {
  return Object.assign(layer, { needs: "whole_body" as const });
}

/**
 * A layer with its name, which is that of its file; undefined where the route does not have the layer.
 *
 * @param other where the layer may send a call instead of the handler below it
 */
export type NamedLayer = readonly [name: string, layer: Layer | undefined, other?: Handler | undefined];

/** The handler below all layers of a list: another list, or one that ends the walk and has a name. */
export type Innermost = Handler | readonly [name: string, handler: Handler];

/** Puts layers around a handler: `stack`, or one that records what they do, too. */
export type Stack = (layers: readonly NamedLayer[], innermost: Innermost) => Handler;

/**
 * Puts layers around a handler; the first one listed is the outermost. What a layer needs, the handlers above it need: `limit-body` reads
 * it from the handler below it.
 */
export const stack: Stack = (layers, innermost) =>
  layers.reduceRight<Handler>(
    (next, [, layer]) => {
      if (layer === undefined) return next;
      const needs = layer.needs ?? next.needs;
      const handler = layer(next);
      return needs === undefined ? handler : Object.assign(handler, { needs });
    },
    typeof innermost === "function" ? innermost : innermost[1],
  );
