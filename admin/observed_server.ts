/**
 * What this room sees of a running server. `HerdServer` is one as it stands.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import type { Observer } from "../runtime/observers.ts";
import type { ServerEvent, ServerFacts } from "../server/status/status.ts";

/** A server that is looked at. */
export interface ObservedServer {
  readonly name: string;
  /** How it is now. */
  status(): ServerFacts;
  /** The newest AT lines of all clients; may be walked while more come in. */
  lines(): IterableIterator<ByteString>;
  /** The newest AT line about a client; undefined for one not known. */
  newest(client: ByteString): ByteString | undefined;
  /** Shows events until the returned function is called. */
  observeEvents(observer: Observer<ServerEvent>): () => void;
  /** Shows reports, in a buffer that is used again, likewise. */
  observeReports(observer: Observer<Report>): () => void;
}
