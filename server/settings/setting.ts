/**
 * The description of a setting, and how its value is read: from the text of a
 * flag or a variable, from JSON, or from a program's options.
 *
 * @module
 */
import { isHost } from "../../peers/topology.ts";
import { IpNetwork } from "../../runtime/ip_network.ts";

/** The fields of every setting. Its name is its key in the schema. */
interface CommonParts {
  /**
   * The flag, without its dashes. The variable is named after it:
   * `HERD_LINK_TIMEOUT_MS` for `link-timeout-ms`.
   */
  readonly flag: string;
  /** Its heading in `--help` and in the documentation. */
  readonly group: string;
  /** Its meaning in one line, without its default. */
  readonly help: string;
  /** A description of the default that is not a plain value. */
  readonly otherwise?: string;
  /** A permission that the runtime needs because of it. */
  readonly permission?: "net" | "read" | "write" | "read and write";
  /** Where it can be given; everywhere by default. */
  readonly sources?: readonly SourceKind[];
  /** How the herd file gives it outside of its `settings`. */
  readonly inHerdFile?: string;
}

/**
 * Where a setting can be given: on the command line, in the environment, in the
 * herd file, as an option of `startServer`.
 */
export type SourceKind = "flag" | "variable" | "herd file" | "option";

/** A whole number. The setting's name contains its unit. */
export interface NumberSetting extends CommonParts {
  readonly type: "whole number";
  /** Its unit, in capitals: `MS`, `BYTES`, `COUNT`. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly default?: number;
  /** The unit of the flag and the variable, if they have another one. */
  readonly flagUnit?: { readonly unit: string; readonly size: number };
  /** The meaning of 0, if 0 turns the limit off. Its value is `Infinity`. */
  readonly zero?: string;
  /** What the word `auto` stands for, where it is a value too. */
  readonly auto?: string;
}

/** One of several words. */
export interface ChoiceSetting extends CommonParts {
  readonly type: "choice";
  /** The placeholder for the word in the help. */
  readonly placeholder: string;
  readonly choices: readonly string[];
  readonly default: string;
}

/** True or false. On the command line the flag has no value. */
export interface SwitchSetting extends CommonParts {
  readonly type: "switch";
  readonly default: boolean;
  /** The value that the flag sets; true by default. */
  readonly flagMeans?: boolean;
}

/** A host name or address. */
export interface HostSetting extends CommonParts {
  readonly type: "host";
  readonly default?: string;
}

/** Host names or addresses: comma-separated on the command line, or a list. */
export interface HostsSetting extends CommonParts {
  readonly type: "hosts";
  readonly default: readonly string[];
}

/** Origins of web pages: comma-separated on the command line, or a list. */
export interface OriginsSetting extends CommonParts {
  readonly type: "origins";
  readonly default: readonly string[];
}

/**
 * IP addresses and networks such as `10.0.0.0/8`: comma-separated on the command
 * line, or a list.
 */
export interface NetworksSetting extends CommonParts {
  readonly type: "networks";
  readonly default: readonly string[];
}

/** An address such as `https://service.example/path`. */
export interface UrlSetting extends CommonParts {
  readonly type: "URL";
  readonly default?: string;
}

/** The path of a file or of a folder. */
export interface PathSetting extends CommonParts {
  readonly type: "file" | "folder";
  readonly permission: "read" | "write" | "read and write";
  readonly default?: string;
}

/** For how many days reports are recorded, or the database to record them in. */
export interface HistorySetting extends CommonParts {
  readonly type: "history";
  /** Most days. */
  readonly max: number;
  readonly default?: number;
}

/** One setting. */
export type Setting =
  | NumberSetting
  | ChoiceSetting
  | SwitchSetting
  | HostSetting
  | HostsSetting
  | OriginsSetting
  | NetworksSetting
  | UrlSetting
  | PathSetting
  | HistorySetting;

/** Settings by their names. */
export type Schema = Readonly<Record<string, Setting>>;

/** The type of a setting's value. */
export type ValueOf<One extends Setting> =
  | (One extends ChoiceSetting ? One["choices"][number]
    : One extends { readonly auto: string } ? number | "auto"
    : One extends NumberSetting ? number
    : One extends SwitchSetting ? boolean
    : One extends HistorySetting ? number | string
    : One extends HostsSetting | OriginsSetting | NetworksSetting
      ? readonly string[]
    : string)
  | (One extends { readonly default: unknown } ? never : undefined);

/** The values of all settings of a schema. */
export type ValuesOf<All extends Schema> = {
  readonly [Name in keyof All]: ValueOf<All[Name]>;
};

/** The names of the settings that a kind of source can give. */
export type NamesFrom<All extends Schema, Kind extends SourceKind> = {
  [Name in keyof All]: All[Name] extends
    { readonly sources: readonly (infer Known)[] }
    ? Kind extends Known ? Name : never
    : Name;
}[keyof All];

/** An invalid value. The message says what was expected and what was found. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** Whether a kind of source can give a setting. */
export function isGivenBy({ sources }: Setting, kind: SourceKind): boolean {
  return sources === undefined || sources.includes(kind);
}

/** The environment variable of a setting. */
export function variableOf({ flag }: Setting): string {
  return `HERD_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** The placeholder for the value in `--help`; undefined for no value. */
export function placeholderOf(setting: Setting): string | undefined {
  switch (setting.type) {
    case "whole number":
      return setting.flagUnit?.unit ?? setting.unit;
    case "choice":
      return setting.placeholder;
    case "switch":
      return undefined;
    case "host":
      return "ADDRESS";
    case "hosts":
      return "NAMES";
    case "origins":
      return "ORIGINS";
    case "networks":
      return "ADDRESSES";
    case "history":
      return "DAYS";
    default:
      return setting.type.toUpperCase();
  }
}

/** The default as it is written after the flag; undefined for none. */
export function defaultText(setting: Setting): string | undefined {
  if (setting.otherwise !== undefined) return setting.otherwise;
  if (setting.type === "switch" || setting.default === undefined) return;
  if (setting.type === "whole number") {
    return `${setting.default / sizeOf(setting)}`;
  }
  return `${setting.default}` || undefined;
}

/** The values that the flag accepts, in words; undefined if it accepts any. */
export function rangeText(setting: Setting): string | undefined {
  switch (setting.type) {
    case "whole number": {
      const [least, most] = flagBounds(setting);
      const zero = setting.zero === undefined ? "" : `, 0 for ${setting.zero}`;
      const auto = setting.auto === undefined
        ? ""
        : `, auto for ${setting.auto}`;
      return `${least} to ${most}${zero}${auto}`;
    }
    case "choice":
      return alternatives(setting.choices);
    case "switch":
      return "true or false";
    case "history":
      return `1 to ${setting.max}`;
  }
}

/**
 * Parses the text of a flag or a variable.
 *
 * @param text Empty for a flag without a value.
 * @throws {ValueError} If it is no value of the setting.
 */
export function parseValue(setting: Setting, text: string): unknown {
  switch (setting.type) {
    case "whole number": {
      if (setting.zero !== undefined && text === "0") return Infinity;
      if (setting.auto !== undefined && text === "auto") return text;
      const [least, most] = flagBounds(setting);
      const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
      if (number >= least && number <= most) return number * sizeOf(setting);
      const orAuto = setting.auto === undefined ? "" : " or auto";
      throw new ValueError(
        `${expectedNumber(least, most)}${orAuto}, found ${text}`,
      );
    }
    case "switch": {
      const { flagMeans = true } = setting;
      if (text === "" || text === "true") return flagMeans;
      if (text === "false") return !flagMeans;
      throw new ValueError(`expected true or false, found ${text}`);
    }
    case "hosts":
      return text.split(",").map((host) => hostOf(host, host || "nothing"));
    case "origins":
      return text.split(",").map((one) => originOf(one, one || "nothing"));
    case "history":
      return historyOf(setting, /^\d{1,15}$/.test(text) ? Number(text) : text);
    case "networks":
      return text.split(",")
        .map((network) => networkOf(network, network || "nothing"));
    default:
      return checkText(setting, text, text || "nothing");
  }
}

/**
 * Checks a value from JSON or a program, and returns it.
 *
 * @param value In JSON, 0 turns a limit off; in a program, `Infinity` does.
 * @throws {ValueError} If it is no value of the setting.
 */
export function checkValue(
  setting: Setting,
  value: unknown,
  from: "JSON" | "program",
): unknown {
  const found = from === "JSON" || typeof value === "object"
    ? JSON.stringify(value)
    : String(value);
  switch (setting.type) {
    case "whole number": {
      const { auto, max, min, zero } = setting;
      const off = from === "JSON" ? 0 : Infinity;
      if (zero !== undefined && value === off) return Infinity;
      if (auto !== undefined && value === "auto") return value;
      if (isWithin(value, min, max)) return value;
      const orOff = zero === undefined ? "" : ` or ${off}`;
      const orAuto = auto === undefined ? "" : ' or "auto"';
      throw new ValueError(
        `${expectedNumber(min, max)}${orOff}${orAuto}, found ${found}`,
      );
    }
    case "switch":
      if (typeof value === "boolean") return value;
      throw new ValueError(`expected true or false, found ${found}`);
    case "hosts":
      if (!Array.isArray(value)) {
        throw new ValueError(
          `expected a list of host names or addresses, found ${found}`,
        );
      }
      return value.map((host) => hostOf(host, JSON.stringify(host)));
    case "origins":
      if (!Array.isArray(value)) {
        throw new ValueError(`expected a list of origins, found ${found}`);
      }
      return value.map((one) => originOf(one, JSON.stringify(one)));
    case "history":
      return historyOf(setting, value, found);
    case "networks":
      if (!Array.isArray(value)) {
        throw new ValueError(
          `expected a list of addresses or networks, found ${found}`,
        );
      }
      return value
        .map((network) => networkOf(network, JSON.stringify(network)));
    default:
      return checkText(setting, value, found);
  }
}

function checkText(
  setting: ChoiceSetting | HostSetting | PathSetting | UrlSetting,
  value: unknown,
  found: string,
): string {
  if (setting.type === "host") return hostOf(value, found);
  if (setting.type === "URL") return urlOf(value, found);
  if (setting.type === "choice") {
    const choice = setting.choices.find((known) => known === value);
    if (choice !== undefined) return choice;
    throw new ValueError(
      `expected ${alternatives(setting.choices)}, found ${found}`,
    );
  }
  if (typeof value === "string" && value !== "") return value;
  throw new ValueError(
    `expected the path of a ${setting.type}, found ${found}`,
  );
}

function hostOf(value: unknown, found: string): string {
  if (typeof value === "string" && isHost(value)) return value;
  throw new ValueError(`expected a host name or address, found ${found}`);
}

/** An origin as browsers write it, in lower case and without a path. */
function originOf(value: unknown, found: string): string {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url !== null && url.origin === value) return url.origin;
  throw new ValueError(
    `expected an origin such as https://map.example:8080, found ${found}`,
  );
}

/** Days, or the address of a database, which `openHistory` reads. */
function historyOf(
  { max }: HistorySetting,
  value: unknown,
  found = `${value || "nothing"}`,
): number | string {
  if (typeof value === "number" && isWithin(value, 1, max)) return value;
  const isAddress = typeof value === "string" &&
    /^postgres(ql)?:\/\//.test(value);
  if (isAddress) return value;
  throw new ValueError(
    `expected a number of days from 1 to ${max}, found ${found}`,
  );
}

function networkOf(value: unknown, found: string): string {
  const isNetwork = typeof value === "string" &&
    IpNetwork.parse(value) !== undefined;
  if (isNetwork) return value;
  throw new ValueError(
    `expected an IP address or a network such as 10.0.0.0/8, found ${found}`,
  );
}

function urlOf(value: unknown, found: string): string {
  const url = typeof value === "string" ? URL.parse(value) : null;
  // A key in a URL would be logged and shown.
  if (url?.username || url?.password || url?.search) {
    throw new ValueError(
      "expected an address without user name, password and query; a key goes " +
        "into GOOGLE_PLACES_KEY or --places-key-file",
    );
  }
  if (url?.protocol === "http:" || url?.protocol === "https:") {
    return String(value);
  }
  throw new ValueError(`expected an http or https address, found ${found}`);
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) &&
    value >= min && value <= max;
}

function expectedNumber(least: number, most: number): string {
  return `expected a whole number from ${least} to ${most}`;
}

/** The size of the flag's unit, in units of the value. */
function sizeOf({ flagUnit }: NumberSetting): number {
  return flagUnit?.size ?? 1;
}

/** The range of the flag, in its own unit. */
function flagBounds(setting: NumberSetting): [least: number, most: number] {
  const size = sizeOf(setting);
  return [setting.min / size, setting.max / size];
}

/** `a, b or c`. */
function alternatives(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}
