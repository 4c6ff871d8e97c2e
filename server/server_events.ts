/**
 * The events of one server: to its log, to LogTape, and to observers.
 *
 * @module
 */
import { createEmitEvent } from "../log/events.ts";
import type { LogWriter } from "../log/log_writer.ts";
import { type Clock, PastMoment, secondsOf } from "../runtime/clock.ts";
import type { EmitEvent } from "../runtime/events.ts";
import { type Observer, Observers } from "../runtime/observers.ts";
import type { ServerEvent } from "./status/status.ts";

/** Receives the events of all components of a server. */
export class ServerEvents {
  readonly emit: EmitEvent;
  readonly #observers = new Observers<ServerEvent>();

  constructor(name: string, log: LogWriter, clock: Clock) {
    const emit = createEmitEvent(log, name);
    const start = new PastMoment(clock);
    this.emit = (level, connection, event, fields = {}) => {
      emit(level, connection, event, fields);
      if (this.#observers.count === 0) return;
      const time = secondsOf(clock);
      this.#observers.notify({
        time,
        uptimeSeconds: start.ageSeconds,
        level,
        connection,
        event,
        fields,
      });
    };
  }

  /** Calls the observer with each event. Returns a function that ends this. */
  observe(observer: Observer<ServerEvent>): () => void {
    return this.#observers.add(observer);
  }
}
