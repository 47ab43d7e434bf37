// The Worker's entry point.
import config from "../../gateway.config.ts";
import { catalog } from "../services/catalog.ts";
import { serve } from "./entry.ts";

export default serve({ config, catalog });
