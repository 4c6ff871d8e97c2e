/**
 * The topics in which the server publishes the newest report of a client. Each
 * client has up to three: they differ in the form of the payload.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { locationOf, plainReportOf } from "../report_forms.ts";
import { ownTracksName, reportName, topicText } from "../topic_names.ts";

/** A form of the newest reports, and the topics that have it. */
export interface TopicView {
  /** The levels before those of the ID. */
  readonly prefix: readonly ByteString[];
  /** The levels of the ID; undefined if it cannot be a topic of this view. */
  readonly nameOf: (client: ByteString) => ByteString | undefined;
  /** The payload for an AT line and its attributes, which may be empty. */
  readonly payloadOf: (line: ByteString, attributes: ByteString) => ByteString;
}

/** All views. */
export const topicViews: readonly TopicView[] = [
  {
    prefix: ["owntracks"],
    nameOf: ownTracksName,
    payloadOf: (line, attributes) => locationOf(line, attributes),
  },
  { prefix: ["herd", "at"], nameOf: topicText, payloadOf: (line) => line },
  {
    prefix: ["herd", "report"],
    nameOf: reportName,
    payloadOf: plainReportOf,
  },
];

/** The topic of a view for these levels of an ID. */
export function topicOf(view: TopicView, name: ByteString): ByteString {
  return `${view.prefix.join("/")}/${name}`;
}
