/**
 * All targets.
 *
 * @module
 */
import type { Target } from "./target.ts";
import { attributesTarget } from "./targets/attributes.ts";
import { bodiesTarget } from "./targets/bodies.ts";
import { certificatesTarget } from "./targets/certificates.ts";
import { commandsTarget } from "./targets/commands.ts";
import { identitiesTarget, revokedTarget } from "./targets/edited_files.ts";
import { escapesTarget } from "./targets/escapes.ts";
import { forwardedTarget } from "./targets/forwarded.ts";
import { formsTarget, phoneTrackTarget } from "./targets/forms.ts";
import { handshakesTarget } from "./targets/handshakes.ts";
import { herdsTarget } from "./targets/herds.ts";
import { httpHeadsTarget } from "./targets/http_heads.ts";
import { httpRequestsTarget } from "./targets/http_requests.ts";
import {
  geoJsonTarget,
  jsonReportsTarget,
  overlandTarget,
  ownTracksTarget,
  traccarClientsTarget,
  traccarForwardsTarget,
} from "./targets/json_messages.ts";
import { jsonTextsTarget } from "./targets/json_texts.ts";
import { keysTarget } from "./targets/keys.ts";
import { linesTarget } from "./targets/lines.ts";
import { messagesTarget } from "./targets/messages.ts";
import { mqttPacketsTarget } from "./targets/mqtt_packets.ts";
import { newBodiesTarget } from "./targets/new_bodies.ts";
import { nmeaTarget } from "./targets/nmea.ts";
import { numbersTarget } from "./targets/numbers.ts";
import { partialLinesTarget } from "./targets/partial_lines.ts";
import { patternsTarget } from "./targets/patterns.ts";
import { reportsTarget } from "./targets/reports.ts";
import { requestTargetsTarget } from "./targets/request_targets.ts";
import { sessionsTarget } from "./targets/sessions.ts";
import { summariesTarget } from "./targets/summaries.ts";
import { clientTokensTarget } from "./targets/client_tokens.ts";
import { topologiesTarget } from "./targets/topologies.ts";
import { websocketFramesTarget } from "./targets/websocket_frames.ts";

/** Each with the real code. */
export const targets: readonly Target[] = [
  commandsTarget(),
  numbersTarget(),
  linesTarget(),
  sessionsTarget(),
  partialLinesTarget(),
  reportsTarget(),
  messagesTarget(),
  herdsTarget(),
  handshakesTarget(),
  bodiesTarget(),
  newBodiesTarget(),
  keysTarget(),
  escapesTarget(),
  topologiesTarget(),
  httpHeadsTarget(),
  httpRequestsTarget(),
  summariesTarget(),
  clientTokensTarget(),
  patternsTarget(),
  identitiesTarget(),
  revokedTarget(),
  certificatesTarget(),
  forwardedTarget(),
  attributesTarget(),
  jsonTextsTarget(),
  ownTracksTarget(),
  traccarClientsTarget(),
  traccarForwardsTarget(),
  overlandTarget(),
  geoJsonTarget(),
  jsonReportsTarget(),
  formsTarget(),
  phoneTrackTarget(),
  nmeaTarget(),
  requestTargetsTarget(),
  mqttPacketsTarget(),
  websocketFramesTarget(),
];
