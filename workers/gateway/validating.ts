// The Worker's entry point with validation and authorization expressions: `main = "workers/gateway/validating.ts"` in wrangler.toml instead of index.ts.
import config from "../../gateway.config.ts";
import { catalog } from "../services/catalog.ts";
import { celExpressions } from "./auth/expression/cel.ts";
import { protovalidate } from "./configure/protovalidate.ts";
import { serve } from "./entry.ts";

export default serve({ config, catalog, validator: protovalidate(), compiler: celExpressions() });
