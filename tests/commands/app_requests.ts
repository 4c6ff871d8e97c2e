/**
 * The requests that apps make of what was typed into their fields, as their
 * documentation and their sources say.
 *
 * @module
 */
import type { AppName } from "../../commands/app_setup.ts";
import { readTarget } from "../../gateways/readers/target.ts";

/** Values by the names of fields. */
export type Fields = Readonly<Record<string, string>>;

/** A POST request. */
export interface AppRequest {
  readonly url: string;
  readonly headers: Fields;
  readonly body: string;
}

/** A message of OwnTracks at 52.5, 13.4. */
export const ownTracksMessage =
  '{"_type":"location","lat":52.5,"lon":13.4,"tst":1796040000}';

const time = "2026-11-30T12:00:00Z";

const basic = (user: string, password: string): Fields => ({
  authorization: `Basic ${
    new TextEncoder().encode(`${user}:${password}`).toBase64()
  }`,
});

const requests: Readonly<
  Record<
    Exclude<AppName, "owntracks-mqtt" | "mqtt">,
    (fields: Fields) => AppRequest
  >
> = {
  "owntracks": (fields) => ({
    url: fields.URL,
    headers: {
      "x-limit-u": fields["User name"],
      "x-limit-d": fields["Device ID"],
      ...basic(fields["User name"], fields.Password),
    },
    body: ownTracksMessage,
  }),
  "traccar": (fields) => ({
    url: fields["Server URL"],
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      device_id: fields["Device identifier"],
      location: {
        timestamp: time,
        coords: { latitude: 52.5, longitude: 13.4 },
      },
    }),
  }),
  "overland": (fields) => ({
    url: fields["Receiver Endpoint URL"],
    headers: {
      "authorization": `Bearer ${fields["Access Token"]}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      locations: [{
        type: "Feature",
        geometry: { type: "Point", coordinates: [13.4, 52.5] },
        properties: {
          timestamp: time,
          device_id: fields["Device ID"].replace("(leave it empty)", ""),
        },
      }],
    }),
  }),
  "gpslogger": (fields) => ({
    url: fields.URL.replace("%LAT", "52.5").replace("%LON", "13.4")
      .replace("%TIMESTAMP", "1796040000").replace("%ACC", "5"),
    headers: basic("herd", fields["Basic Authentication, password"]),
    body: "",
  }),
  "home-assistant": (fields) => {
    const [name, value] = fields["HTTP Headers"].split(": ");
    return {
      url: fields.URL,
      headers: { [name.toLowerCase()]: value },
      body: fields["HTTP Body"].replace("%LAT", "52.5")
        .replace("%LON", "13.4").replace("%ACC", "5").replace("%BATT", "80"),
    };
  },
  "curl": ({ Command }) => {
    const [, authorization, body, url] = Command
      .match(/^curl -H 'Authorization: ([^']*)' -d '([^']*)' (\S+)$/)!;
    return { url, headers: { authorization }, body };
  },
};

/** The request of an app; undefined if it uses MQTT. */
export function requestOf(
  name: AppName,
  fields: Fields,
): AppRequest | undefined {
  return name === "mqtt" || name === "owntracks-mqtt"
    ? undefined
    : requests[name](fields);
}

/** The topic and the payload that an app publishes. */
export function publishedBy(
  fields: Fields,
): { topic: string; payload: string } {
  return {
    topic: fields.Topic ??
      `owntracks/${fields["User name"]}/${fields["Device ID"]}`,
    payload: fields.Payload ?? ownTracksMessage,
  };
}

/** The token that a request brings. */
export function tokenOfRequest({ headers, url }: AppRequest): string {
  const [scheme, value] = headers.authorization?.split(" ") ?? [];
  if (scheme === "Bearer") return value;
  if (scheme === "Basic") return atob(value).replace(/^[^:]*:/, "");
  const { pathname } = new URL(url);
  const { token } = readTarget(pathname, undefined);
  return pathname.slice(token!.start, token!.end);
}
