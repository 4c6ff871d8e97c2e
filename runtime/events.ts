/**
 * How rooms tell what happened: one function, passed in. Who listens is not
 * their business.
 *
 * @module
 */

/** How grave an event is. */
export type EventLevel = "debug" | "info" | "warning" | "error";

/** What an event says, besides its name. */
export type EventFields = Readonly<
  Record<string, string | number | boolean | readonly string[]>
>;

/**
 * Tells one event.
 *
 * @param connection The connection it is about, or `server`.
 * @param event Its name, a constant of a few words.
 */
export type EmitEvent = (
  level: EventLevel,
  connection: string,
  event: string,
  fields?: EventFields,
) => void;
