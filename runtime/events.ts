/**
 * Events, and the function that receives them.
 *
 * @module
 */

/** The severity of an event. */
export type EventLevel = "debug" | "info" | "warning" | "error";

/** The fields of an event, by name. */
export type EventFields = Readonly<
  Record<string, string | number | boolean | readonly string[]>
>;

/**
 * Receives one event.
 *
 * @param connection The name of the connection that the event is about, or
 * `server`.
 * @param event The event's name: a constant of a few words.
 */
export type EmitEvent = (
  level: EventLevel,
  connection: string,
  event: string,
  fields?: EventFields,
) => void;
