// Builds uploads.descriptors.ts, without source info.
import { buildDescriptors } from "../build-descriptors.ts";

buildDescriptors("uploads", false);
