// Settings of the Durable Objects that the gateway uses.
import { JURISDICTIONS } from "../region.ts";
import { block, choice, type PolicyOf, setting } from "./setting.ts";

export const DURABLE_OBJECT_SETTINGS = block({
  jurisdiction: setting(
    choice(JURISDICTIONS),
    undefined,
    "Where the objects of the gateway may run and store data. Changing it starts with new objects: buckets are full, endpoints register again, and breakers are closed. Objects of the services are not affected.",
    { shownDefault: "none: anywhere", isPlatform: true },
  ),
});

export interface DurableObjectPolicy extends PolicyOf<typeof DURABLE_OBJECT_SETTINGS> {}
