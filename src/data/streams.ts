/** All data streams, so that isStream recognises them without their class. */
export const streams = new WeakSet<object>()
