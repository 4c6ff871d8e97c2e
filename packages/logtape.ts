/**
 * LogTape: events that an embedding program can route.
 *
 * @module
 */
export * from "npm:@logtape/logtape@2.4.2";
