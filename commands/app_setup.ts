/**
 * What to type into the fields of apps, so that they report to a server's
 * gateways with a token, and the links by which some apps fill in their fields.
 *
 * @module
 */
import { encodeId, encodeName } from "../gateways/readers/ids.ts";
import { decodeSegment } from "../gateways/readers/parameters.ts";
import type { Claims } from "../identity/claims.ts";
import { ClientPatterns } from "../identity/patterns.ts";
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";

/** How apps reach a server. */
export interface AppServer {
  /** Of the HTTP gateway, such as `https://herd.example:8400`. */
  readonly origin: string;
  /** The host name alone. */
  readonly host: string;
  readonly mqttPort: number;
  /** Whether both gateways use TLS. */
  readonly isEncrypted: boolean;
}

/** The apps, as `--app` names them. */
export const appNames = [
  "owntracks",
  "owntracks-mqtt",
  "traccar",
  "overland",
  "gpslogger",
  "home-assistant",
  "mqtt",
  "curl",
] as const;

export type AppName = (typeof appNames)[number];

/** How one app is set up. */
export interface AppSetup {
  readonly title: string;
  /** Names of fields, as the app has them, and what to type into each. */
  readonly fields: readonly (readonly [field: string, value: string])[];
  /** A link that fills in all fields. */
  readonly link?: {
    /** In ASCII. */
    readonly text: string;
    /** What reads its QR code, such as the phone's camera. */
    readonly reader: string;
  };
}

/** Why an app cannot report with a token. */
export interface AppProblem {
  readonly title: string;
  readonly problem: string;
}

/** What the setups are made of. */
interface Context {
  readonly server: AppServer;
  readonly token: string;
  /** IDs that the token may report for, the preferred one first. */
  readonly ids: readonly ByteString[];
  /** Whether the token permits messages without an ID, which are its subject's. */
  readonly isOwnIdPermitted: boolean;
}

const titles: Readonly<Record<AppName, string>> = {
  "owntracks": "OwnTracks, HTTP mode",
  "owntracks-mqtt": "OwnTracks, MQTT mode",
  "traccar": "Traccar Client",
  "overland": "Overland",
  "gpslogger": "GPSLogger for Android",
  "home-assistant": "An app with Home Assistant's form",
  "mqtt": "A program with MQTT",
  "curl": "curl, or a program with HTTP",
};

const setups: Readonly<
  Record<AppName, (context: Context) => Omit<AppSetup, "title"> | string>
> = {
  "owntracks": ownTracksByHttp,
  "owntracks-mqtt": ownTracksByMqtt,
  "traccar": traccarClient,
  "overland": overland,
  "gpslogger": gpsLogger,
  "home-assistant": homeAssistant,
  "mqtt": mqtt,
  "curl": curl,
};

/** How an app is set up, or why it cannot report with this token. */
export function setUpApp(
  name: AppName,
  server: AppServer,
  token: string,
  { reports, subject }: Claims,
): AppSetup | AppProblem {
  const isOwnIdPermitted = new ClientPatterns(reports).includes(subject);
  const context = {
    server,
    token,
    ids: [
      ...(isOwnIdPermitted ? [subject] : []),
      // Of all IDs that a pattern permits, one that a phone could have.
      ...reports.map((pattern) => pattern.replace(/\*$/, "phone")),
    ],
    isOwnIdPermitted,
  };
  const title = titles[name];
  const setup = setups[name](context);
  return typeof setup === "string"
    ? { title, problem: setup }
    : { title, ...setup };
}

const anyUser = "herd (or any other)";
const camera = "the phone's camera";

/** These characters have a meaning in filters of topics. */
const ofFilters = /[+#]/;

/** The names of OwnTracks's two fields, of which it makes the ID. */
function ownTracksNames(
  ids: readonly ByteString[],
): { user: string; device: string } | undefined {
  for (const id of ids) {
    const names = id.split("/").map(nameOf);
    const [user, device] = names;
    const isPair = names.length === 2 && user && device;
    if (isPair) return { user, device };
  }
  return undefined;
}

const noOwnTracksId =
  "It reports for user/device, and the token permits no such ID: make one " +
  "for an ID with one slash, such as mira/pixel.";

function ownTracksByHttp(context: Context) {
  const { ids, server, token } = context;
  const names = ownTracksNames(ids);
  if (names === undefined) return noOwnTracksId;
  const url = `${server.origin}/pub`;
  return {
    fields: [["Mode", "HTTP"], ["URL", url], ...identification(names, token)],
    link: ownTracksLink({ mode: 3, url }, names, token),
  } as const;
}

function ownTracksByMqtt(context: Context) {
  const { server: { host, isEncrypted, mqttPort: port }, token } = context;
  const names = ownTracksNames(
    context.ids.filter((id) => !ofFilters.test(id)),
  );
  if (names === undefined) return noOwnTracksId;
  return {
    fields: [
      ["Mode", "MQTT"],
      ...broker(context),
      ...identification(names, token),
    ],
    link: ownTracksLink(
      { mode: 0, host, port, tls: isEncrypted },
      names,
      token,
    ),
  } as const;
}

function identification(
  { device, user }: { user: string; device: string },
  token: string,
) {
  return [
    ["User name", user],
    ["Password", token],
    ["Device ID", device],
  ] as const;
}

/** Its configuration: https://owntracks.org/booklet/features/remoteconfig */
function ownTracksLink(
  connection: Readonly<Record<string, string | number | boolean>>,
  { device, user }: { user: string; device: string },
  token: string,
) {
  const configuration = {
    _type: "configuration",
    ...connection,
    auth: true,
    username: user,
    password: token,
    deviceId: device,
  };
  const json = JSON.stringify(configuration);
  const base64 = new TextEncoder().encode(json).toBase64();
  return {
    text: `owntracks:///config?inline=${encodeURIComponent(base64)}`,
    reader: camera,
  };
}

function traccarClient({ ids, server: { origin }, token }: Context) {
  const id = ids.map(nameOf).find((name) => name !== undefined);
  if (id === undefined) {
    return "It reports for an ID without a slash, and the token permits no " +
      "such ID: make one, for example for cab-7.";
  }
  const url = `${origin}/t/${token}/`;
  return {
    fields: [["Device identifier", id], ["Server URL", url]],
    // It takes the URL up to the question mark as its Server URL.
    link: {
      text: `${url}?id=${encodeURIComponent(id)}`,
      reader: "the app's own scanner, at the top of its settings",
    },
  } as const;
}

function overland(context: Context) {
  const { server: { origin }, token } = context;
  const id = idUnlessOwn(context);
  if (id === noId) return noIdProblem;
  const endpoint = `${origin}/overland`;
  const parameters = [["url", endpoint], ["token", token], ["device_id", id]]
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return {
    fields: [
      ["Receiver Endpoint URL", endpoint],
      ["Access Token", token],
      ["Device ID", id || "(leave it empty)"],
    ],
    link: { text: `overland://setup?${parameters.join("&")}`, reader: camera },
  } as const;
}

function gpsLogger(context: Context) {
  const { server: { origin }, token } = context;
  const id = idUnlessOwn(context);
  if (id === noId) return noIdProblem;
  const ofId = id === "" ? "" : `id=${encodeURIComponent(id)}&`;
  return {
    fields: [
      [
        "URL",
        `${origin}/?${ofId}lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&acc=%ACC`,
      ],
      ["HTTP Method", "POST"],
      ["Basic Authentication, user", anyUser],
      ["Basic Authentication, password", token],
    ],
  } as const;
}

function homeAssistant(context: Context) {
  const { server: { origin }, token } = context;
  const id = idUnlessOwn(context);
  if (id === noId) return noIdProblem;
  const ofId = id === "" ? "" : `&device=${encodeURIComponent(id)}`;
  return {
    fields: [
      ["URL", `${origin}/t/${token}/api/webhook/herd`],
      ["HTTP Method", "POST"],
      [
        "HTTP Body",
        `latitude=%LAT&longitude=%LON${ofId}&accuracy=%ACC&battery=%BATT`,
      ],
      ["HTTP Headers", "Content-Type: application/x-www-form-urlencoded"],
    ],
  } as const;
}

function mqtt(context: Context) {
  const { ids, token } = context;
  const path = ids.map(pathOf).find((path) =>
    path !== undefined && !ofFilters.test(path)
  );
  if (path === undefined) return noIdProblem;
  return {
    fields: [
      ...broker(context),
      ["User name", anyUser],
      ["Password", token],
      ["Topic", `herd/report/${path}`],
      ["Payload", '{"lat":52.5,"lon":13.4}'],
    ],
  } as const;
}

function broker({ server: { host, isEncrypted, mqttPort } }: Context) {
  return [
    ["Host", host],
    ["Port", `${mqttPort}`],
    ["TLS", isEncrypted ? "on" : "off"],
  ] as const;
}

function curl({ ids, server: { origin }, token }: Context) {
  const path = ids.map(pathOf).find((path) => path !== undefined);
  if (path === undefined) return noIdProblem;
  const body = JSON.stringify({ id: path, lat: 52.5, lon: 13.4 });
  return {
    fields: [[
      "Command",
      `curl -H 'Authorization: Bearer ${token}' ` +
      `-d '${body.replaceAll("'", "\\u0027")}' ${origin}/report`,
    ]],
  } as const;
}

const noIdProblem =
  "No message can contain the IDs that the token permits: gateways would " +
  "encode some of their bytes.";

/** There is no ID that the app could send. */
const noId = Symbol("no ID");

/**
 * What to type into an app's field for an ID: nothing if the token permits messages
 * without an ID.
 */
function idUnlessOwn(
  { ids, isOwnIdPermitted }: Context,
): string | typeof noId {
  if (isOwnIdPermitted) return "";
  return ids.map(nameOf).find((name) => name !== undefined) ?? noId;
}

/**
 * The name from which gateways make this ID or this part of an ID; undefined if
 * there is no such name.
 */
function nameOf(part: ByteString): string | undefined {
  const name = decodeSegment(part);
  return encodeName(name) === part ? textOfBytes(name) : undefined;
}

/** The same for an ID in which slashes join names. */
function pathOf(id: ByteString): string | undefined {
  const path = decodeSegment(id);
  return encodeId(path) === id ? textOfBytes(path) : undefined;
}
