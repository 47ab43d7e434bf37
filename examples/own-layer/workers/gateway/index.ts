// The gateway.
import { serve } from "tidegate/gateway";
import config from "../../gateway.config.ts";
import layers from "../../gateway.layers.ts";
import { catalog } from "../services/catalog.ts";

export default serve({ config, catalog, layers });
