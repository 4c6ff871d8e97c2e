/**
 * LogTape, with which an embedding program receives events.
 *
 * @module
 */
export * from "npm:@logtape/logtape@2.4.2";
