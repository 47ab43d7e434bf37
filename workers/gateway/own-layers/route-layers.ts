// The team's own layers of the routes: named by the configuration, made once for each place where it has settings for them.
import type { LayersPolicy } from "../../../core/config/layers.ts";
import { join, type Problem, suggest } from "../../../core/config/problems.ts";
import { type Layer, type NamedLayer, needsWholeBody } from "../call/layer.ts";
import { type CustomLayer, LAYER_POSITIONS, type LayerHandler, type LayerPosition, type SchemaIssue } from "../layer.ts";
import type { RestRoute } from "../transcode/rules/rules.ts";
import { LayerRun } from "./layer-run.ts";
import { SeenCall } from "./seen-call.ts";

/** The layers of one route, by position. */
export type LayersAt = Readonly<Record<LayerPosition, readonly NamedLayer[]>>;

interface MadeLayer {
  readonly layer: CustomLayer;
  readonly handler: LayerHandler;
}

const NONE: LayersAt = Object.freeze({ response: [], before_auth: [], after_auth: [], before_cache: [], before_upstream: [] });

export class RouteLayers {
  readonly #bundled: readonly CustomLayer[];
  readonly #made = new Map<LayersPolicy, readonly MadeLayer[]>();

  /** @param bundled layers of the bundle; at one position they run in this order */
  constructor(bundled: readonly CustomLayer[]) {
    this.#bundled = bundled;
  }

  /** Makes the layers of all routes. @returns what is wrong with them; routes that inherit settings share the layers, and their problems */
  make(policies: Iterable<LayersPolicy | undefined>): Problem[] {
    const problems = duplicates(this.#bundled);
    for (const policy of policies) {
      if (policy === undefined || this.#made.has(policy)) continue;
      const made: MadeLayer[] = [];
      this.#made.set(policy, made);
      for (const name of policy.settings.keys())
        if (!this.#bundled.some((layer) => layer.name === name)) problems.push(this.#unknown(policy, name));
      for (const layer of this.#bundled) {
        if (!policy.settings.has(layer.name)) continue;
        const outcome = makeLayer(layer, policy.settings.get(layer.name));
        if (typeof outcome === "function") made.push({ layer, handler: outcome });
        else problems.push(...outcome.map(({ path, ...rest }) => ({ path: join(policy.path, layer.name) + path, ...rest })));
      }
    }
    return problems;
  }

  /**
   * @param hasMessage whether a call of the route has one message: no stream of requests, and no plain HTTP
   * @param rest       the HTTP rule by which its calls come in, where they are REST
   */
  of(policy: LayersPolicy | undefined, hasMessage: boolean, rest?: RestRoute): LayersAt {
    const made = policy === undefined ? undefined : this.#made.get(policy);
    if (made === undefined) return NONE;
    const at = (position: LayerPosition): NamedLayer[] =>
      made.filter(({ layer }) => layer.at === position).map((one) => [`layer ${one.layer.name}`, asLayer(one, hasMessage, rest)]);
    return Object.fromEntries(LAYER_POSITIONS.map((position) => [position, at(position)])) as unknown as LayersAt; // one list for each position
  }

  #unknown({ path }: LayersPolicy, name: string): Problem {
    const names = this.#bundled.map((layer) => layer.name);
    const fix =
      names.length === 0
        ? "give it to serve({ layers: [...] }): this bundle has no layers of its own"
        : `write ${suggest(name, names)}, or give it to serve({ layers: [...] })`;
    return { path: join(path, name), found: `"${name}", which this bundle lacks`, fix };
  }
}

/** Whether a layer has to see each call, also those that a stored response would serve at once. */
export function seesEachCall({ before_auth, after_auth, before_cache }: LayersAt): boolean {
  return before_auth.length + after_auth.length + before_cache.length > 0;
}

function asLayer({ layer: { name, at, needs }, handler }: MadeLayer, hasMessage: boolean, rest: RestRoute | undefined): Layer {
  const place = { at, needsMessage: needs === "message", rest };
  const layer: Layer = (next) => (call, attempt) =>
    new LayerRun(name, call, async () => next(call, attempt)).handle(handler, new SeenCall(call, place));
  return place.needsMessage && hasMessage ? needsWholeBody(layer) : layer;
}

/** @returns the handler, or problems with paths below that of the settings */
function makeLayer({ name, schema, layer }: CustomLayer, settings: unknown): LayerHandler | Problem[] {
  try {
    const result = schema["~standard"].validate(settings);
    if (result instanceof Promise) return [{ path: "", found: `a schema of layer "${name}" that waits`, fix: "use a synchronous schema" }];
    if (result.issues !== undefined) return result.issues.map(problemOf);
    const handler: unknown = layer(result.value);
    if (typeof handler === "function") return handler as LayerHandler;
    return [{ path: "", found: `layer "${name}", whose function returns ${typeof handler}`, fix: "return (call, next) => ..." }];
  } catch (error) {
    return [{ path: "", found: `layer "${name}", which failed: ${String(error)}`, fix: "fix the layer, or its settings" }];
  }
}

function problemOf({ message, path = [] }: SchemaIssue): Problem {
  const keys = path.map((part) => (typeof part === "object" ? part.key : part));
  const at = keys.reduce<string>((outer, key) => (typeof key === "number" ? `${outer}[${key}]` : below(outer, String(key))), "");
  return { path: at, found: "a value that the schema of the layer refuses", fix: message };
}

/** A path below that of the settings, as TypeScript writes it. */
function below(outer: string, key: string): string {
  return outer + join("x", key).slice(1);
}

/** Names by which a configuration would mean two layers. */
function duplicates(layers: readonly CustomLayer[]): Problem[] {
  const names = layers.map(({ name }) => name);
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return twice.map((name) => ({ path: "layers of serve()", found: `two layers named "${name}"`, fix: "give each a name of its own" }));
}
