// Properties are tried with the same values for every mutant, and for half a second at most: a survivor of one run survives the next one.
import fc from "fast-check";

fc.configureGlobal({ seed: 1, interruptAfterTimeLimit: 500 });
