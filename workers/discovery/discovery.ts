// What a host says of itself: reflection and health for the services it has, as services like any other.
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImplSpec } from "@connectrpc/connect";
import { type HealthSource, health } from "./health.ts";
import { reflection } from "./reflection.ts";
import { indexOf, type SchemaIndex } from "./schema-index.ts";

const WATCH_EVERY_MS = 5_000;

/**
 * @param services what is served here. One that is a discovery service itself stays as it is, and ours of that name is left out.
 * @param statusOf the status of each service, and of "", all of them; by default whatever answers serves
 */
export function discovery(services: readonly DescService[], statusOf: HealthSource["statusOf"] = () => "serving"): ServiceImplSpec[] {
  const served = new Set(services.map(({ typeName }) => typeName));
  let index: SchemaIndex | undefined;
  const own: readonly ServiceImplSpec[] = [
    ...reflection(() => {
      index ??= indexOf([...services, ...added.map(({ service }) => service)]);
      return index;
    }),
    health({ services: [...served], statusOf, watchEveryMs: WATCH_EVERY_MS }),
  ];
  const added = own.filter(({ service }) => !served.has(service.typeName));
  return added;
}
