// Builds foreign.descriptors.ts, with source info: the comments are in the reference.
import { buildDescriptors } from "../build-descriptors.ts";

buildDescriptors("foreign", true);
