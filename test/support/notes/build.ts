// Builds notes.descriptors.ts, without source info.
import { buildDescriptors } from "../build-descriptors.ts";

buildDescriptors("notes", false);
