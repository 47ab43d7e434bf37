// Reflection and health of a host, as services beside its own ones.
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImplSpec } from "@connectrpc/connect";
import { type HealthSource, health } from "./health.ts";
import { REFLECTION_LIMITS, type ReflectionLimits, reflection } from "./reflection.ts";
import { indexOf, type SchemaIndex } from "./schema-index.ts";

const WATCH_INTERVAL_MS = 5_000;

/**
 * @param services the services of the host. If one of them is a discovery service itself, the one made here is left out.
 * @param limits   of reflection
 * @param statusOf gives the status of a service by its full name, and of the whole host by ""; by default all of them serve
 */
export function discovery(
  services: readonly DescService[],
  limits: ReflectionLimits = REFLECTION_LIMITS,
  statusOf: HealthSource["statusOf"] = () => "serving",
): ServiceImplSpec[] {
  const names = new Set(services.map(({ typeName }) => typeName));
  let index: SchemaIndex | undefined;
  const own: readonly ServiceImplSpec[] = [
    ...reflection(() => (index ??= indexOf([...services, ...added.map(({ service }) => service)])), limits),
    health({ services: [...names], statusOf, watchIntervalMs: WATCH_INTERVAL_MS }),
  ];
  const added = own.filter(({ service }) => !names.has(service.typeName));
  return added;
}
