// The Worker's entry point.
import { serve } from "./entry.ts";

export default serve();
