// A gateway whose objects and KV live in another process: the real gateway, connected to the real objects by HTTP.

import { catalog } from "../shipped/catalog.ts";
import { gatewayOver } from "./remote.ts";

export default gatewayOver(catalog);
