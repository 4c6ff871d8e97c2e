/**
 * Faults in the readers of messages of devices.
 *
 * @module
 */
import { NmeaReader } from "../../../gateways/readers/nmea.ts";
import { parseJson } from "../../../gateways/readers/json_parser.ts";
import type { Reading } from "../../../gateways/readers/reading.ts";
import { ReportLines } from "../../../gateways/readers/reports.ts";
import { readTarget } from "../../../gateways/readers/target.ts";
import { parseAttributes } from "../../../protocol/attributes.ts";
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";
import { attributesTarget } from "../targets/attributes.ts";
import { formsTarget, phoneTrackTarget, readGet } from "../targets/forms.ts";
import {
  geoJsonTarget,
  jsonReportsTarget,
  overlandTarget,
  ownTracksTarget,
  readAt,
  readLines,
  readOwnTracks,
  traccarClientsTarget,
  traccarForwardsTarget,
} from "../targets/json_messages.ts";
import { httpRequestsTarget, readRequests } from "../targets/http_requests.ts";
import { jsonTextsTarget } from "../targets/json_texts.ts";
import { nmeaTarget } from "../targets/nmea.ts";
import { now } from "../targets/readings.ts";
import { requestTargetsTarget } from "../targets/request_targets.ts";
import type { PlantedFault } from "./planted_fault.ts";

/** A reader that forgets the name that a sentence before gave. */
class ForgetfulNmeaReader extends NmeaReader {
  override readLine(line: ByteString): Reading {
    return super.readLine(
      line.startsWith("$PGID") && line.includes(" ") ? "" : line,
      now,
    );
  }
}

/** A reader of NMEA that corrects checksums. */
class TrustingNmeaReader extends NmeaReader {
  override readLine(line: ByteString): Reading {
    const [, text] = /^\$([^]*)\*..$/.exec(line) ?? [];
    if (text === undefined) return super.readLine(line, now);
    const sum = Array.from(text)
      .reduce((sum, byte) => sum ^ byte.charCodeAt(0), 0);
    const digits = sum.toString(16).padStart(2, "0");
    return super.readLine(`$${text}*${digits}`, now);
  }
}

/** Faults in the readers. */
export const gatewayFaults: readonly PlantedFault[] = [
  {
    fault: "a number in attributes has a second spelling",
    target: attributesTarget((field) =>
      parseAttributes(field.replace(/^accuracy=0(?=[0-9])/, "accuracy="))
    ),
    from: "one",
  },
  {
    fault: "the last of two equal keys is taken",
    target: jsonTextsTarget((text) => {
      const parsed = parseJson(text);
      if ("reason" in parsed || /[\\\x7f-\xff]/.test(text)) return parsed;
      // Digits are kept where JavaScript prints them alike.
      return /[0-9.][0-9.eE-]/.test(text)
        ? parsed
        : parseJson(JSON.stringify(JSON.parse(text)));
    }),
    from: "small-object",
  },
  {
    fault: "the type of a message is not compared to its end",
    target: ownTracksTarget((body) =>
      readOwnTracks(body.replace(/"location\w+"/, '"location"'))
    ),
    from: "small",
  },
  {
    fault: "latitude and longitude of OwnTracks are numbers of JavaScript",
    target: ownTracksTarget((body) =>
      readOwnTracks(
        body.replace(/"lat":([0-9.]+)/, (_, digits) => `"lat":${+digits}`),
      )
    ),
    from: "location",
  },
  {
    fault: "coordinates of Traccar's client lose zeros at their end",
    target: traccarClientsTarget((body) =>
      readAt("/")(body.replace(/(\.[0-9]*[1-9])0+(?=[,}])/g, "$1"))
    ),
    from: "small",
  },
  {
    fault: "forwarded coordinates lose zeros at their end",
    target: traccarForwardsTarget((body) =>
      readAt("/traccar")(body.replace(/(\.[0-9]*[1-9])0+(?=[,}])/g, "$1"))
    ),
    from: "small",
  },
  {
    fault: "a batch without IDs is answered with ok",
    target: overlandTarget((body) => {
      const reading = readAt("/overland")(body);
      return { ...reading, refusal: undefined };
    }),
    from: "one",
  },
  {
    fault: "the type of a geometry is not compared to its end",
    target: geoJsonTarget((body) =>
      readAt("/geojson")(body.replace(/"Point\w+"/, '"Point"'))
    ),
    from: "short",
  },
  {
    fault: "digits beyond those of a double are lost",
    target: jsonReportsTarget((chunks) =>
      readLines([
        chunks.join("").replace(
          /"lat":([0-9]+\.[0-9]+)/g,
          (_, digits) => `"lat":${+digits}`,
        ),
      ])
    ),
    from: "no-time",
  },
  {
    fault: "a line that is split over chunks is lost",
    target: jsonReportsTarget((chunks) =>
      chunks.flatMap((chunk) => {
        const lines = new ReportLines(() => ({ now }));
        return [...lines.push(encodeBytes(chunk)), ...lines.end()];
      })
    ),
    from: "empty-list",
  },
  {
    fault: "the last of two IDs counts",
    target: formsTarget((target) =>
      readGet(target.replace(/(?<=[?&])id=[^&]*&(?=.*&id=)/, ""))
    ),
    from: "short",
  },
  {
    fault: "a last known place is taken for a position",
    target: formsTarget((target) =>
      readGet(target.replace(/&valid=[^&]*/, ""))
    ),
    from: "short",
  },
  {
    fault: "the ID in a query counts more than the name in a path",
    target: phoneTrackTarget((target) =>
      readGet(target.replace(/\/lena(?=\?.*&id=)/, "/yourname"))
    ),
    from: "short",
  },
  {
    fault: "a sentence with a wrong checksum is taken",
    target: nmeaTarget((ownId) => new TrustingNmeaReader(ownId)),
    from: "rmc",
  },
  {
    fault: "a name with a space does not count",
    target: nmeaTarget((ownId) => new ForgetfulNmeaReader(ownId)),
    from: "pgid-twice",
  },
  {
    fault: "a token in a query is logged",
    target: requestTargetsTarget((path, query) => {
      const target = readTarget(path, undefined);
      return query === undefined
        ? target
        : { ...target, logged: `${target.logged}?${query}` };
    }),
    from: "token",
  },
  {
    fault: "a length counts for nothing beside chunks",
    target: httpRequestsTarget((chunks) =>
      readRequests([
        chunks.join("").replace(
          /Content-Length: [0-9]+\r\n(?=Transfer-Encoding: chunked\r\n)/,
          "",
        ),
      ])
    ),
    from: "chunked",
  },
  {
    fault: "a line may end in LF alone",
    target: httpRequestsTarget((chunks) =>
      readRequests([chunks.join("").replace(/(?<!\r)\n/g, "\r\n")])
    ),
    from: "get",
  },
  {
    fault: "the rest of a path after a token has no slash",
    target: requestTargetsTarget((path, query) => {
      const target = readTarget(path, query);
      return { ...target, path: target.path.replace(/(?<=.)\/$/, "") };
    }),
    from: "token",
  },
];
