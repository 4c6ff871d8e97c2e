/**
 * Writes the files that are generated from the tables of settings, ports and
 * folders: the tables of docs/CONFIGURATION.md, the sketch in
 * docs/ARCHITECTURE.md, the options of `startServer`, and the permissions of
 * the tasks in deno.json.
 *
 * @module
 */
import herd from "../herd.json" with { type: "json" };
import { portKinds } from "../peers/port_kinds.ts";
import { parseTopology } from "../peers/topology.ts";
import { choosePlaces, providerNames } from "../places/choose.ts";
import { formatAddress } from "../runtime/network.ts";
import { portsOf } from "../server/settings/ports.ts";
import { clientLimitSettings, schema } from "../server/settings/schema.ts";
import {
  defaultText,
  isGivenBy,
  placeholderOf,
  rangeText,
  type Schema,
  type Setting,
} from "../server/settings/setting.ts";
import { resolveSettings } from "../server/settings/sources.ts";
import { tokenSchema } from "../server/settings/tokens.ts";
import { withSketch } from "../tests/architecture.ts";

/** Reads a file of the project, by its path from the project's folder. */
type Read = (path: string) => string;

/**
 * The generated texts of all files that are generated, whole or in part, by
 * their paths.
 *
 * @param settings The settings to describe.
 */
export function generate(
  read: Read,
  settings: Schema = schema,
): ReadonlyMap<string, string> {
  return new Map([
    ["deno.json", withTaskPermissions(read("deno.json"))],
    ["docs/ARCHITECTURE.md", withSketch(read("docs/ARCHITECTURE.md"))],
    [
      "docs/CONFIGURATION.md",
      withTables(read("docs/CONFIGURATION.md"), {
        ports: portsTable(),
        settings: settingsTables(settings),
      }),
    ],
    ["server/settings/options.ts", optionTypes(settings)],
  ]);
}

const { servers } = parseTopology(herd);

/**
 * Permits each task of the default herd the ports that it opens or dials, and
 * the task for tokens the key file.
 */
function withTaskPermissions(manifest: string): string {
  const settings = {
    ...resolveSettings(schema, []).values,
    admin: { host: schema.adminHost.default, names: [] },
    http: true,
    identity: undefined,
    mqtt: true,
    tls: undefined,
  };
  const opened = servers.flatMap((self) => portsOf(settings, self));
  const addressesOf = new Map<string, string[]>();
  for (const { dialledBy, field, name } of portKinds) {
    const add = (task: string, addresses: string[]) =>
      addressesOf.set(task, [...addressesOf.get(task) ?? [], ...addresses]);
    const own = opened.filter(({ kind }) => kind.name === name)
      .map(({ address }) => address);
    for (const task of ["herd", "serve"]) add(task, own);
    for (const task of dialledBy) {
      add(task, servers.map((self) => formatAddress(self.host, self[field])));
    }
  }
  const services = providerNames
    .flatMap((name) => choosePlaces(name, { key: "any" }).hosts);
  addressesOf.set("places", [...new Set(services)]);
  addressesOf.set("herd:durable", addressesOf.get("herd")!);
  const keyFile = tokenSchema.tokenKeyFile.default;
  let text = manifest.replace(
    /("token": \{[^}]*--allow-read=)\S+ --allow-write=\S+/,
    `$1${keyFile} --allow-write=${keyFile}`,
  );
  for (const [task, addresses] of addressesOf) {
    const command = RegExp(
      `("${task}": \\{[^}]*"command": "[^"]*--allow-net=)[^ "]+`,
    );
    if (!command.test(text)) throw new Error(`deno.json: no task ${task}`);
    text = text.replace(command, `$1${addresses.join(",")}`);
  }
  return text;
}

/** Replaces the tables between the page's markers. */
function withTables(
  page: string,
  tables: Readonly<Record<string, string>>,
): string {
  return page.replaceAll(
    /(<!-- generated: (\w+) -->\n)[^]*?(<!-- end of \2 -->)/g,
    (_, before, name, after) => `${before}\n${tables[name]}\n${after}`,
  );
}

function portsTable(): string {
  return table(
    [
      "port",
      "offset",
      "field of the herd file",
      "purpose",
      "protocol",
    ],
    portKinds.map((kind) => [
      kind.name,
      `${kind.offset}`,
      code(kind.field),
      kind.purpose,
      kind.transport,
    ]),
  );
}

/** A heading and a table for each group. */
function settingsTables(settings: Schema): string {
  const groups = Map.groupBy(
    Object.entries(settings),
    ([, { group }]) => group,
  );
  return [...groups].map(([group, entries]) => {
    const rows = entries.map(([name, setting]) => [
      code(["--" + setting.flag, placeholderOf(setting)].join(" ").trimEnd()),
      nameIn(name, setting),
      setting.help,
      rangeText(setting) ?? "",
      setting.type === "switch"
        ? `${setting.default}`
        : defaultText(setting) ?? "",
      setting.permission ?? "",
    ]);
    const heads = ["flag", "name", "meaning", "range", "default", "permission"];
    return `### ${group}\n\n${table(heads, rows)}`;
  }).join("\n");
}

/** A setting's name; empty if neither the herd file nor the library has it. */
function nameIn(name: string, setting: Setting): string {
  const isInHerdFile = isGivenBy(setting, "herd file");
  const isOption = isGivenBy(setting, "option");
  if (!isInHerdFile && !isOption) return "";
  if (!isInHerdFile) return `${code(name)} (library)`;
  return code(name) + (isOption ? "" : " (herd file)");
}

/** A Markdown table, aligned as `deno fmt` does. */
function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [heads, ...rows].map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|"))
  );
  const widths = heads.map((_, column) =>
    Math.max(3, ...all.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const [head, ...body] = all.map((row) =>
    line(row.map((cell, column) => cell.padEnd(widths[column])))
  );
  return head + line(widths.map((width) => "-".repeat(width))) + body.join("");
}

function code(text: string): string {
  return `\`${text}\``;
}

/** The interface of the options of `startServer` that are settings. */
function optionTypes(settings: Schema): string {
  const options = Object.entries(settings).filter(([name, setting]) =>
    isGivenBy(setting, "option") && !Object.hasOwn(clientLimitSettings, name)
  );
  const members = options.map(([name, setting]) =>
    `${comment(sentenceFor(setting))}  readonly ${name}?: ${typeOf(setting)};\n`
  );
  return `// \`deno task generate\` writes this file from schema.ts.

/** The options of a server that are settings. */
export interface SettingOptions {
${members.join("")}}
`;
}

/** The meaning of an option, with its range and its default. */
function sentenceFor(setting: Setting): string {
  const { help, otherwise, type } = setting;
  const meaning = type === "switch"
    ? `${setting.flagMeans === false ? "False" : "True"} to ${help}`
    : `${help[0].toUpperCase()}${help.slice(1)}`;
  const range = type === "whole number"
    ? `from ${number(setting.min)} to ${number(setting.max)}, `
    : "";
  const value = otherwise ?? setting.default;
  const fallback = typeof value === "number" ? number(value) : value;
  const more = `${range}default ${fallback}`;
  return `${meaning}. ${more[0].toUpperCase()}${more.slice(1)}.`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function typeOf(setting: Setting): string {
  switch (setting.type) {
    case "whole number":
      return "number";
    case "switch":
      return "boolean";
    case "hosts":
    case "origins":
    case "networks":
      return "readonly string[]";
    case "choice":
      return setting.choices.map((choice) => JSON.stringify(choice)).join(
        " | ",
      );
    case "history":
      return "number | string";
    default:
      return "string";
  }
}

/** A documentation comment, wrapped at 80 characters. */
function comment(text: string): string {
  const single = `  /** ${text} */`;
  if (single.length <= 80) return `${single}\n`;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (`   *${longer}`.length <= 80) lines[lines.length - 1] = longer;
    else lines.push(` ${word}`);
  }
  return `  /**\n${lines.map((line) => `   *${line}\n`).join("")}   */\n`;
}

if (import.meta.main) {
  const project = new URL("../", import.meta.url);
  const files = generate((path) =>
    Deno.readTextFileSync(new URL(path, project))
  );
  for (const [path, text] of files) {
    Deno.writeTextFileSync(new URL(path, project), text);
  }
}
