/**
 * The flags of `herd token create` about apps.
 *
 * @module
 */
import {
  type Arguments,
  type Flags,
  UsageError,
  wholeNumber,
} from "../cli/arguments.ts";
import { portKinds, type PortName } from "../peers/port_kinds.ts";
import { type AppName, appNames, type AppServer } from "./app_setup.ts";

export const appFlags: Flags = {
  server: {
    value: "URL",
    help: "print what to type into apps for this HTTP gateway",
  },
  "mqtt-port": {
    value: "PORT",
    help: "the MQTT gateway's port (the port of --server plus 100, or 8500)",
  },
  app: {
    value: "APP",
    help: "only for this app: owntracks, traccar, curl, ...",
  },
};

/** What to print about apps. */
export interface AppOptions {
  readonly server: AppServer;
  readonly names: readonly AppName[];
}

const offsetOf = (name: PortName) =>
  portKinds.find((kind) => kind.name === name)!.offset;

/** From the port of the HTTP gateway to that of MQTT, if none is configured. */
const mqttOffset = offsetOf("MQTT") - offsetOf("HTTP");

const mostPort = 65_535;

/** The MQTT port of the first server of the default herd. */
const defaultMqttPort = 8_500;

/**
 * Reads the flags; undefined if there is no `--server`.
 *
 * @throws {UsageError} If one is wrong. The message does not repeat a URL: it
 * may contain a password.
 */
export function readAppOptions(parsed: Arguments): AppOptions | undefined {
  const { flags } = parsed;
  const mqttPort = wholeNumber(parsed, "mqtt-port", 1, mostPort);
  const app = flags.get("app");
  const names = app === undefined
    ? appNames
    : appNames.filter((name) => name === app);
  if (names.length === 0) {
    throw new UsageError(`--app: expected one of ${appNames.join(", ")}`);
  }
  const text = flags.get("server");
  if (text !== undefined) return { server: readServer(text, mqttPort), names };
  for (const name of ["mqtt-port", "app"]) {
    if (flags.has(name)) throw new UsageError(`--${name} needs --server`);
  }
  return undefined;
}

function readServer(text: string, mqttPort: number | undefined): AppServer {
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) &&
    url.href === `${url.origin}/`;
  if (!isOrigin) {
    throw new UsageError(
      "--server: expected http:// or https://, a name or an address, and " +
        "perhaps a port, such as https://herd.example:8400",
    );
  }
  const usualMqttPort = url.port === ""
    ? defaultMqttPort
    : Number(url.port) + mqttOffset;
  if (mqttPort === undefined && usualMqttPort > mostPort) {
    throw new UsageError("--server: with this port, add --mqtt-port");
  }
  return {
    origin: url.origin,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    mqttPort: mqttPort ?? usualMqttPort,
    isEncrypted: url.protocol === "https:",
  };
}
