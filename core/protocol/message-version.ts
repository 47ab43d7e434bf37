// The version of the messages between the gateway and its Durable Objects, which are deployed separately.

/**
 * Version of the messages that this code sends. 1 is Tidegate 0.1, whose messages do not say it.
 *
 * A gateway works with objects of one version before its own and of one after it, and they with it. So within one version:
 * 1. a message grows by optional fields and by arguments after the known ones; a field never changes its meaning or type, and goes two versions
 *    after the last sender of it;
 * 2. a receiver ignores fields that it does not know, and has a default for each that may be missing;
 * 3. the caller of a new method treats its absence as a failed call, and does what it did before the method.
 *
 * Raise it with a change that needs to know the sender's version. test/objects-apart holds the rules, with the objects of the version before.
 */
export const MESSAGE_VERSION = 2;
